/**
 * The packages for users of the admin API, ready to publish: `npm run build:sdk`. Plain JavaScript,
 * types and source maps of `@headgate/proto` and `@headgate/sdk`, each a folder with the package.json
 * of its publication, and packed beside it: `dist/npm`, or `--out FOLDER`.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./run.ts";

const repository = resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = resolve(values.out ?? join(repository, "dist", "npm"));

/** In the order of their needs. */
for (const name of ["proto", "sdk"]) build(name);

function build(name: string): void {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  compile(name, folder);
  copyFileSync(join(repository, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "README.md"), withoutRelativeLinks(name));
  const manifest = publishedManifest(readJson(join(repository, name, "package.json")));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  pack(folder);
}

/** Without the types of Node: what is published runs in browsers. */
function compile(name: string, folder: string): void {
  const settings = join(out, `tsconfig.${name}.json`);
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    types: [],
    noEmit: false,
    allowJs: false,
    declaration: true,
    sourceMap: true,
    inlineSources: true,
    noEmitOnError: true,
    rewriteRelativeImportExtensions: true,
    rootDir: join(repository, name, "src"),
    outDir: join(folder, "lib"),
    // As users will have it: the types that were built, not the sources.
    paths: { "@headgate/proto": [join(out, "proto", "lib", "index.d.ts")] },
  };
  const sources = join(repository, name, "src");
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(repository, "tsconfig.json"),
      compilerOptions,
      include: [join(sources, "**/*.ts")],
      exclude: [join(sources, "**/*.test.ts")],
    }),
  );
  run(process.execPath, join(repository, "node_modules/typescript/bin/tsc"), "-p", settings);
  rmSync(settings);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * What the workspace's package.json says, for users: the built files, and dependencies that they may
 * share with us, where the workspace wants exact ones.
 */
function publishedManifest({ name, version, description, license, dependencies }: Manifest) {
  return {
    name,
    version,
    description,
    license,
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: "./lib/index.d.ts", default: "./lib/index.js" },
      "./package.json": "./package.json",
    },
    types: "./lib/index.d.ts",
    files: ["lib"],
    engines: { node: ">=20.3" },
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([dependency, at]) => [
        dependency,
        dependency.startsWith("@headgate/") ? at : `^${at}`,
      ]),
    ),
    publishConfig: { access: "public" },
  };
}

/** A page elsewhere has no neighbours: links into the repository keep their text alone. */
function withoutRelativeLinks(name: string): string {
  const text = readFileSync(join(repository, name, "README.md"), "utf8");
  return text.replace(/\[([^\]]+)\]\((?![a-z]+:|#)[^)]+\)/g, "$1");
}

function pack(folder: string): void {
  const args = ["pack", folder, "--pack-destination", out, "--ignore-scripts", "--silent"];
  const { status, stderr } = spawnSync("npm", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack ${folder}: ${stderr}`);
}

function readJson(file: string): Manifest {
  // The packages' own files, in this repository.
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}
