import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "@headgate/core";
import { busyMachine } from "../busy-machine.ts";
import { Children } from "../process/children.ts";
import { openFilesMax } from "../process/open-files-max.ts";
import { describeRun } from "../report/results.ts";
import { replaceSection } from "./docs-section.ts";
import { measure, type Plan } from "./measure.ts";
import { renderDiscovery } from "./render-discovery.ts";

const usage = `Usage: npm run bench:discovery -- [--quick] [--nodes N] [--keys N] [--changes N] [--gzip] [--write]

How fast changes reach 1,000 nodes, what they cost, and what a replica needs. Takes two minutes.
--write puts the results into bench/results/discovery.json and docs/benchmarks.md.`;

const resultsFile = new URL("../../results/discovery.json", import.meta.url);
const docsFile = new URL("../../../docs/benchmarks.md", import.meta.url);
/** Nothing of it may run on for ever. */
const totalMaxMs = 175_000;

process.exitCode = await main().catch((error: unknown) => {
  console.error(`The measurement failed: ${error instanceof Error ? error.stack : error}`);
  return 1;
});

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean" },
      quick: { type: "boolean" },
      write: { type: "boolean" },
      gzip: { type: "boolean" },
      nodes: { type: "string" },
      keys: { type: "string" },
      changes: { type: "string" },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const plan: Plan = {
    nodes: Number(values.nodes ?? (values.quick ? 100 : 1_000)),
    keys: Number(values.keys ?? (values.quick ? 1_000 : 10_000)),
    changes: Number(values.changes ?? (values.quick ? 12 : 90)),
    changeEveryMs: 400,
    acceptsGzip: values.gzip ?? false,
  };
  const results = await run(plan);
  console.log(`${JSON.stringify(results, null, 2)}\n\n${renderDiscovery(results)}`);
  if (!values.write) return 0;
  await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  const page = await readFile(docsFile, "utf8");
  await writeFile(docsFile, replaceSection(page, renderDiscovery(results)));
  return 0;
}

async function run(plan: Plan) {
  const neededFiles = plan.nodes + 1_000;
  if ((await openFilesMax()) < neededFiles) {
    throw new Error(`the limit of open files is too low: it must be ${neededFiles} (ulimit -n)`);
  }
  const directory = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const children = new Children(join(directory, "compile-cache"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const watchdog = new AbortController();
  void systemClock.sleep(totalMaxMs, watchdog.signal).then(() => {
    if (watchdog.signal.aborted) return;
    console.error("The measurement takes too long: stopped.");
    process.exit(1);
  });
  const notices = busyMachine({ load: loadavg()[0], cores: cpus().length });
  const startedMs = systemClock.now();
  const say = (line: string) =>
    console.error(`${Math.round((systemClock.now() - startedMs) / 1000)} s  ${line}`);
  try {
    const figures = await measure(plan, { children, directory, say });
    const { date, machine, node } = describeRun({
      peers: {},
      notices: [],
      load: plan as never,
      figures: {},
    });
    return { format: 1 as const, date, machine, node, notices, load: plan, figures };
  } finally {
    watchdog.abort();
    await children.stopAll();
    await rm(directory, { recursive: true, force: true });
  }
}

export type DiscoveryResults = Awaited<ReturnType<typeof run>>;
