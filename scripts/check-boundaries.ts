/**
 * Who may import whom, and where time, chance and the environment may be read:
 * `npm run lint:boundaries`. Prints the graph of packages; fails on an edge that is not allowed, on
 * a relative path into another package, on a cycle of files, on RPC in the CLI beside the SDK, and on
 * a dependency that a package.json does not have or has for nothing.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** core and proto stand alone; the planes never see each other; cli composes. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  proto: [],
  bus: ["core"],
  config: ["core", "proto"],
  sdk: ["proto"],
  "control-plane": ["core", "proto", "config", "bus"],
  "data-plane": ["core", "proto", "config", "bus"],
  cli: ["core", "proto", "config", "bus", "sdk", "control-plane", "data-plane"],
  testing: ["core", "proto", "sdk"],
  bench: ["core", "proto", "testing"],
};

/** Files that only tests run may use `testing`, and read the clock. */
const testOnly =
  /(?:\.(?:test|conformance|sim)\.ts|-fixture\.ts|\.fixture\.ts|\/(?:__)?fixtures?(?:__)?\/.*)$/;

/** The doors to time, chance and the environment. */
const doors =
  /^(?:core\/src\/(?:clock|random)\.ts|sdk\/src\/timing\.ts|cli\/|bench\/|testing\/|scripts\/)/;
const ambient = /\b(?:Date\.now\(|Math\.random\b|setTimeout\(|setInterval\(|process\.env\b)/;

/** The CLI manages by the SDK alone, as its users do: RPC itself is for the transports of nodes. */
const noRpc = /^cli\/src\/(?!planes\/|up\/)/;

const problems: string[] = [];
const edges = new Set<string>();
const graph = new Map<string, string[]>();

/** What the files of each package import from npm, ours included. */
const imported = new Map<string, Set<string>>();

for (const file of globSync("*/{src,e2e}/**/*.ts")) {
  collectImports(file);
  if (!file.includes("/gen/")) checkFile(file);
}
reportCycles();
checkDependencies();

for (const edge of [...edges].sort()) process.stdout.write(`${edge}\n`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length > 0 ? 1 : 0);

function checkFile(file: string): void {
  const source = readFileSync(file, "utf8");
  const own = file.split("/")[0] ?? "";
  const code = source.replace(/\/\*[\s\S]*?\*\//g, (text) => text.replace(/[^\n]/g, " "));
  code.split("\n").forEach((line, index) => {
    if (line.trimStart().startsWith("//")) return;
    if (ambient.test(line) && !doors.test(file) && !testOnly.test(file)) {
      problems.push(
        `${file}:${index + 1}: time, chance or environment read directly: ${line.trim()}`,
      );
    }
  });
  const targets: string[] = [];
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
    const name = match[1] ?? "";
    if (name.startsWith("@connectrpc/") && noRpc.test(file) && !testOnly.test(file)) {
      problems.push(`${file}: calls the admin API by @headgate/sdk, not by ${name}`);
    }
    if (name.startsWith("@headgate/")) checkPackageImport(file, own, name);
    if (!name.startsWith(".")) continue;
    const target = normalize(join(dirname(file), name));
    if (target.split("/")[0] !== own)
      problems.push(`${file}: reaches into another package: ${name}`);
    const statement = code.slice(code.lastIndexOf("\nimport", match.index), match.index);
    if (!/^\nimport type\b/.test(statement)) targets.push(target);
  }
  graph.set(file, targets);
}

function checkPackageImport(file: string, own: string, name: string): void {
  const target = name.split("/")[1] ?? "";
  if (target === own) return;
  const forTest = testOnly.test(file) || file.startsWith("testing/e2e/");
  if (!forTest) edges.add(`${own} -> ${target}`);
  if (forTest || allowed[own]?.includes(target)) return;
  problems.push(`${file}: ${own} may not import ${target}`);
}

function collectImports(file: string): void {
  const own = file.split("/")[0] ?? "";
  const names = imported.get(own) ?? new Set();
  imported.set(own, names);
  for (const [, name = ""] of readFileSync(file, "utf8").matchAll(
    /\b(?:from |import |import\()"((?:@[\w-]+\/)?[\w-][\w.-]*)(?:\/[^"\s]*)?"/g,
  )) {
    if (name !== `@headgate/${own}`) names.add(name);
  }
}

/** Each package.json has what its files import, and no more. Test tools may be the root's. */
function checkDependencies(): void {
  const shared = dependenciesIn("package.json");
  for (const [own, names] of imported) {
    const declared = dependenciesIn(`${own}/package.json`);
    for (const name of names) {
      if (declared.has(name) || shared.has(name)) continue;
      problems.push(`${own}/package.json: ${name} is imported and not there`);
    }
    for (const name of declared) {
      if (!names.has(name)) problems.push(`${own}/package.json: ${name} is never imported`);
    }
  }
}

function dependenciesIn(file: string): ReadonlySet<string> {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(file, "utf8"));
  return new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
}

/** Depth first; a file met again on the path to it closes a cycle. */
function reportCycles(): void {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      problems.push(`import cycle: ${[...path.slice(at), file].join(" -> ")}`);
      return;
    }
    if (done.has(file)) return;
    done.add(file);
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
  };
  for (const file of graph.keys()) visit(file, []);
}
