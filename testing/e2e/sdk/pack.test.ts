import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningUp, startUp } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type InstalledPackages,
  installPackages,
  manifestOf,
  outcomeOf,
  repository,
} from "./installed-packages.ts";

describe("the packages as they are published", { timeout: 120_000 }, () => {
  let installed: InstalledPackages;
  let up: RunningUp;
  beforeAll(async () => {
    installed = await installPackages();
    up = await startUp({ config: "teams: [{name: everyone}]\n" });
    const program = readFileSync(join(import.meta.dirname, "consumer.fixture.ts"), "utf8");
    writeFileSync(join(installed.project, "consumer.ts"), program);
  }, 120_000);
  afterAll(async () => {
    await up?.[Symbol.asyncDispose]();
    installed?.[Symbol.dispose]();
  });

  it.each(["proto", "sdk"] as const)("%s has what was built, and nothing besides", (name) => {
    const sources = globSync("**/*.ts", { cwd: join(repository, name, "src") })
      .filter((file) => !file.endsWith(".test.ts"))
      .map((file) => file.replace(/\.ts$/, ""));
    const built = sources.flatMap((file) => [".d.ts", ".js", ".js.map"].map((end) => file + end));
    const wanted = [...built.map((file) => `lib/${file}`), "LICENSE", "README.md", "package.json"];
    expect(installed.files[name]).toEqual(wanted.sort());
  });

  it.each(["proto", "sdk"] as const)("%s says for itself what npm shows", (name) => {
    const folder = join(installed.project, "node_modules", "@headgate", name);
    expect(manifestOf(folder)).toMatchObject({
      name: `@headgate/${name}`,
      version: manifestOf(join(repository, name)).version,
      description: expect.stringMatching(/\.$/),
      license: "MIT",
      type: "module",
      sideEffects: false,
      exports: { ".": { types: "./lib/index.d.ts", default: "./lib/index.js" } },
      engines: { node: ">=20.3" },
    });
    for (const absent of ["private", "scripts", "devDependencies"]) {
      expect(manifestOf(folder)).not.toHaveProperty(absent);
    }
    // Types first: the first condition that fits is taken.
    const text = readFileSync(join(folder, "package.json"), "utf8");
    expect(text.indexOf('"types"')).toBeLessThan(text.indexOf('"default"'));
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    expect(readme).toContain(`# @headgate/${name}`);
    expect(readme).not.toMatch(/\]\((?!https?:)/);
  });

  it("has source maps that bring the sources", () => {
    const lib = join(installed.project, "node_modules", "@headgate", "sdk", "lib");
    const map = JSON.parse(readFileSync(join(lib, "admin-client.js.map"), "utf8"));
    expect(map.sourcesContent[0]).toContain("export function createAdminClient(");
  });

  describe.each([
    { resolution: "nodenext", module: "nodenext" },
    { resolution: "bundler", module: "esnext" },
  ])("with module resolution $resolution", ({ resolution, module }) => {
    const check = async (lines: string, settings: Readonly<Record<string, unknown>> = {}) => {
      const file = `check-${resolution}.ts`;
      writeFileSync(join(installed.project, file), lines);
      const compilerOptions = {
        module,
        moduleResolution: resolution,
        target: "ES2022",
        lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
        strict: true,
        // Our own types are checked, too.
        skipLibCheck: false,
        types: ["node"],
        typeRoots: [join(repository, "node_modules", "@types")],
        noEmit: true,
        ...settings,
      };
      const config = join(installed.project, `tsconfig.${resolution}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }));
      const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
      return outcomeOf(process.execPath, [compiler, "-p", config], { cwd: installed.project });
    };

    it("a program that uses it rightly compiles", async () => {
      const program = readFileSync(join(installed.project, "consumer.ts"), "utf8");
      expect(await check(program)).toEqual({ code: 0, stdout: "", stderr: "" });
    });

    it("a program without Node's types compiles", async () => {
      const lines = 'import { createAdminClient } from "@headgate/sdk";\n';
      const call = 'export const client = createAdminClient({ server: "http://h", token: "t" });\n';
      const outcome = await check(lines + call, { types: [] });
      expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
    });

    it("a program that uses it wrongly does not", async () => {
      const lines = 'import { createAdminClient } from "@headgate/sdk";\n';
      const call = 'await createAdminClient({ server: "s", token: "t" }).getTeam({ nam: "x" });\n';
      const { code, stdout } = await check(lines + call);
      expect(code).not.toBe(0);
      expect(stdout).toContain("'nam' does not exist in type");
    });
  });

  const nodes = [
    { name: "the repository's Node", path: join(repository, "node_modules", ".bin", "node") },
    { name: "the system's Node", path: "/usr/bin/node" },
  ];
  it.each(nodes)("runs under $name", async ({ path }) => {
    if (!isNewEnough(path)) return console.warn(`${path}: no Node 20.3 or newer, skipped`);
    const compiled = compile();
    const args = [compiled, up.adminUrl, up.adminToken];
    const { code, stdout, stderr } = await outcomeOf(path, args, { cwd: installed.project });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      created: "packed",
      names: ["everyone", "packed"],
      seen: ["CREATED everyone", "CREATED packed", "DELETED packed"],
      refused: true,
    });
  });

  /** As JavaScript, which old Nodes need. */
  function compile(): string {
    const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
    const config = join(installed.project, "tsconfig.json");
    const compilerOptions = {
      module: "nodenext",
      target: "ES2022",
      skipLibCheck: true,
      types: ["node"],
      typeRoots: [join(repository, "node_modules", "@types")],
      outDir: "out",
      rootDir: ".",
    };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    execFileSync(process.execPath, [compiler, "-p", config], { cwd: installed.project });
    copyFileSync(
      join(installed.project, "package.json"),
      join(installed.project, "out", "package.json"),
    );
    return join("out", "consumer.js");
  }
});

function isNewEnough(path: string): boolean {
  if (!existsSync(path)) return false;
  const version = execFileSync(path, ["--version"], { encoding: "utf8" });
  const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 3);
}
