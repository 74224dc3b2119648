/**
 * `npm run docs:check`: every relative link in a Markdown file leads somewhere, every `npm run X`
 * named exists, the tables of metrics and faults name what the code has, no more and no less, and so
 * do those of provider types and of their errors' kinds; messages said to be in the log are in the code.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { enumWords } from "../config/src/index.ts";
import { faultTable } from "../core/src/index.ts";
import { apiErrorKinds } from "../data-plane/src/providers/api-error.ts";
import { resources } from "../proto/src/index.ts";

const problems: string[] = [];
const pages = globSync(["*.md", "docs/**/*.md", "*/README.md", ".github/**/*.md"]).filter(
  (page) => !page.includes("node_modules"),
);
const scripts = JSON.parse(readFileSync("package.json", "utf8")).scripts as Record<string, string>;

for (const page of pages) checkPage(page);
compare("docs/reference/errors.md", Object.keys(faultTable), "fault code");
compare("docs/reference/metrics.md", metricNames(), "metric");
compare("docs/providers/errors.md", Object.keys(apiErrorKinds), "kind of error");
compareErrorKinds("docs/providers/errors.md");
compare("docs/providers/README.md", enumWords(resources.ProviderTypeSchema), "provider type");
compareMessages("docs/operations/logs.md");

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${pages.length} pages checked\n`);
process.exit(problems.length > 0 ? 1 : 0);

function checkPage(page: string): void {
  const text = readFileSync(page, "utf8");
  for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    if (!existsSync(join(dirname(page), target))) problems.push(`${page}: dead link ${target}`);
  }
  for (const [, script = ""] of text.matchAll(/npm run ([a-z:-]+)/g)) {
    if (!(script in scripts)) problems.push(`${page}: there is no "npm run ${script}"`);
  }
}

/** The first column of the page's tables, in code quotes, must be exactly `names`. */
function compare(page: string, names: readonly string[], what: string): void {
  const rows = readFileSync(page, "utf8").matchAll(/^\| \[?`([a-z_-]+)`/gm);
  const documented = new Set([...rows].map(([, name = ""]) => name));
  for (const name of names) {
    if (!documented.has(name)) problems.push(`${page}: ${what} ${name} is missing`);
  }
  for (const name of documented) {
    if (!names.includes(name)) problems.push(`${page}: ${what} ${name} does not exist`);
  }
}

/** What the client gets for each kind: status, type, code. */
function compareErrorKinds(page: string): void {
  const lines = readFileSync(page, "utf8").split("\n");
  for (const [name, { status, type, code }] of Object.entries(apiErrorKinds)) {
    const row = lines.find((line) => line.startsWith(`| \`${name}\``)) ?? "";
    const [, , ...cells] = row.split("|").map((cell) => cell.trim());
    const wanted = [`${status}`, `\`${type}\``, code === null ? "" : `\`${code}\``];
    if (wanted.some((cell, column) => cell !== cells[column])) {
      problems.push(`${page}: ${name} is ${wanted.filter(Boolean).join(", ")}`);
    }
  }
}

/** Every name given to a metric in the code. */
function metricNames(): string[] {
  const names = sourcesOfPlanes().flatMap((source) =>
    [...source.matchAll(/"((?:llm|headgate)_[a-z_]+)"/g)].map(([, name = ""]) => name),
  );
  return [...new Set(names)];
}

/** What the page's first column, and "... follows" in its last, say is in the log must begin a text in the code. */
function compareMessages(page: string): void {
  const code = sourcesOfPlanes().join("\n");
  for (const row of readFileSync(page, "utf8").matchAll(/^\| `.*$/gm)) {
    const [, first = "", , last = ""] = row[0].split("|");
    const ends = [...last.matchAll(/`([^`]+)` follows/g)];
    for (const [, message = ""] of [...first.matchAll(/`([^`]+)`/g), ...ends]) {
      if (!code.includes(`"${message}`)) problems.push(`${page}: nothing logs "${message}"`);
    }
  }
}

function sourcesOfPlanes(): string[] {
  return globSync("{control-plane,data-plane,cli}/src/**/*.ts")
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => readFileSync(file, "utf8"));
}
