import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { busyMachine } from "./busy-machine.ts";
import { fitPlan } from "./fit-plan.ts";
import { LoadClient } from "./load/load-client.ts";
import { isComplete, type Options, parseOptions, usage } from "./options.ts";
import { findPeers } from "./peers/find-peers.ts";
import { fullPlan, quickPlan } from "./plan.ts";
import { Children } from "./process/children.ts";
import { openFilesMax } from "./process/open-files-max.ts";
import { updateDocsPage } from "./report/docs-page.ts";
import { renderResults } from "./report/render-results.ts";
import { describeRun, type Results, readResults, writeResults } from "./report/results.ts";
import { Samples } from "./report/samples.ts";
import { runBenchmarks } from "./run-benchmarks.ts";
import type { Bench } from "./sections/section.ts";

process.exitCode = await main().catch((error: unknown) => {
  say(`The benchmarks failed: ${error instanceof Error ? error.message : error}`);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.docsOnly) {
    await updateDocsPage(renderResults(await readResults()));
    return 0;
  }
  if (process.platform !== "linux") {
    say("The benchmarks read CPU time and memory from /proc: they run on Linux only.");
    return 1;
  }
  const results = await measure(options);
  console.log(`\n${renderResults(results)}\n`);
  if (!isComplete(options)) return 0;
  await writeResults(results);
  await updateDocsPage(renderResults(results));
  say("Written: bench/results/latest.json and docs/benchmarks.md.");
  return 0;
}

async function measure(options: Options): Promise<Results> {
  const startedMs = systemClock.now();
  const directory = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const children = new Children(join(directory, "compile-cache"));
  stopWhenTold(children);
  const { plan, notices: shortages } = fitPlan(
    options.quick ? quickPlan : fullPlan,
    await openFilesMax(),
  );
  const watchdog = new AbortController();
  void systemClock.sleep(plan.totalMaxMs, watchdog.signal).then(() => {
    if (watchdog.signal.aborted) return;
    say("The run takes too long: stopped.");
    process.exit(1);
  });
  try {
    const { peers, versions, skipped } = await findPeers(options.peers);
    const notices = [
      ...shortages,
      ...skipped,
      ...busyMachine({ load: loadavg()[0], cores: cpus().length }),
    ];
    for (const line of notices) say(`Notice: ${line}`);
    const samples = new Samples();
    const load = new LoadClient(children);
    const notice = (line: string) => {
      notices.push(line);
      say(`Notice: ${line}`);
    };
    const bench: Bench = { plan, children, load, samples, directory, peers, notice, say: progress };
    await runBenchmarks(bench, options.sections);
    return describeRun({
      peers: versions,
      notices,
      load: plan,
      figures: samples.summaries(),
    });
  } finally {
    watchdog.abort();
    await children.stopAll();
    await rm(directory, { recursive: true, force: true });
  }

  function progress(line: string): void {
    const seconds = Math.round((systemClock.now() - startedMs) / 1_000);
    say(`${String(seconds).padStart(4)} s  ${line}`);
  }
}

function readOptions(): Options | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return undefined;
  }
}

function stopWhenTold(children: Children): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      await children.stopAll();
      process.exit(1);
    });
  }
}

function say(line: string): void {
  console.error(line);
}
