/**
 * `npm run faults`: breaks one part of a lab after another, with calls and writes under way, and
 * writes what it measured into docs/operations/faults.md. Fails when something that must hold did not.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import {
  type FaultGroup,
  type FaultReport,
  faultGroups,
  faultTable,
  startWorld,
  tryFault,
} from "../testing/src/faults/index.ts";

const usage = `Usage: npm run faults -- [--only WORDS]

  --only WORDS   only faults whose name has these words; the page stays as it is
`;
const page = new URL("../docs/operations/faults.md", import.meta.url);

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  return await breakThings(options.only);
}

function readOptions(): { readonly only?: string; readonly help?: boolean } | string {
  try {
    return parseArgs({ options: { only: { type: "string" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function breakThings(only: string | undefined): Promise<number> {
  const reports: FaultReport[] = [];
  const skipped: string[] = [];
  for (const { name, lab, faults } of faultGroups) {
    const wanted = faults.filter((fault) => fault.name.includes(only ?? ""));
    reports.push(...(await tryAll({ name, lab, faults: wanted }, skipped)));
  }
  if (reports.length + skipped.length === 0) {
    process.stderr.write(`no fault has "${only}" in its name\n`);
    return 1;
  }
  const hasFailed = reports.some(({ problems }) => problems.length > 0);
  const text = [headline(), faultTable(reports), ...skipped].join("\n\n");
  if (only !== undefined || hasFailed) process.stdout.write(`${text}\n`);
  else writeFileSync(page, between(readFileSync(page, "utf8"), `${text}\n`));
  return hasFailed ? 1 : 0;
}

async function tryAll(group: FaultGroup, skipped: string[]): Promise<readonly FaultReport[]> {
  const { lab, faults } = group;
  if (faults.length === 0) return [];
  const reports: FaultReport[] = [];
  await using world = await startWorld(lab);
  for (const fault of faults) {
    const reason = fault.unavailable?.();
    if (reason === undefined) reports.push(say(await tryFault(world, fault)));
    else skipped.push(`Not tried: ${fault.name}: ${reason}.`);
  }
  return reports;
}

function say(report: FaultReport): FaultReport {
  process.stdout.write(`${report.problems.length === 0 ? "ok    " : "FAILED"} ${report.name}\n`);
  for (const problem of report.problems) process.stdout.write(`  ${problem}\n`);
  return report;
}

function headline(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${cpus().length} CPUs (${cpu?.model.trim()}), ${memory}, Linux ${release()}, Node ${process.version}, all three regions on it.`;
}

/** @throws Error if the page does not have both markers, in their order. */
function between(text: string, content: string): string {
  const begin = "<!-- faults: written by `npm run faults`, do not edit -->";
  const end = "<!-- end of faults -->";
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page needs the lines ${begin} and ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n${text.slice(to)}`;
}
