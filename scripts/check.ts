/** All that CI checks, in order: `npm run check`. With `--static`, what needs no test. */
import { run } from "./run.ts";

const steps = [
  "format:check",
  "lint",
  "typecheck",
  "lint:boundaries",
  "generate:check",
  "docs:check",
  ...(process.argv.includes("--static") ? [] : ["test"]),
];
for (const step of steps) {
  process.stdout.write(`\n== npm run ${step}\n`);
  run("npm", "run", "--silent", step);
}
