/**
 * Fails if what is committed is not what the generators make: `npm run generate:check`. Compares
 * contents before and after, so that it works in a tree with other changes as well.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { run } from "./run.ts";

const generated = ["proto/src/gen/**/*.ts", "docs/benchmarks.md", "docs/providers/features.md"];

const before = fingerprints();
run("npm", "run", "--silent", "generate");
const after = fingerprints();
const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
  (file) => before.get(file) !== after.get(file),
);
if (changed.length > 0) {
  process.stderr.write(`Generated files were stale; they have been made anew, commit them:\n`);
  for (const file of changed) process.stderr.write(`  ${file}\n`);
  process.exit(1);
}

function fingerprints(): ReadonlyMap<string, string> {
  const hash = (file: string): string =>
    createHash("sha256").update(readFileSync(file)).digest("hex");
  return new Map(globSync(generated).map((file) => [file, hash(file)]));
}
