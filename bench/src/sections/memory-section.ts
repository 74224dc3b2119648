import { systemClock } from "@headgate/core";
import { prepareLauncher, type RunningPeer } from "../peers/launch-peer.ts";
import type { Peer } from "../peers/peer.ts";
import { readProcessUsage } from "../process/process-usage.ts";
import { heldFigures } from "../report/figures.ts";
import { startUpstream } from "../upstream/start-upstream.ts";
import type { Bench } from "./section.ts";

const mebibyte = 1024 * 1024;

/** Memory of a fresh process: after one request, and with many streams open. */
export async function memorySection(bench: Bench): Promise<void> {
  for (const peer of bench.peers) {
    if (peer.name === "direct") continue;
    bench.say(`memory, ${peer.name}`);
    // A fake provider of its own: the connections that the last peer left closing do not count.
    const upstream = await startUpstream(bench.children);
    const launcher = await prepareLauncher(bench, peer, upstream.port);
    // The first start fills the compile cache and is not like those that follow.
    await (await launcher.launch()).stop();
    const running = await launcher.launch();
    try {
      await measure(bench, peer, running);
    } catch (error) {
      // One that cannot hold so many streams says something about itself, not about the others.
      bench.notice(`memory of ${peer.name}: ${error instanceof Error ? error.message : error}`);
      await bench.load.run({ type: "release" });
    }
    await running.stop();
    await launcher.dispose();
    await upstream.stop();
  }
}

async function measure(bench: Bench, { name }: Peer, running: RunningPeer): Promise<void> {
  bench.samples.add("rss_idle", name, await settledMebibytes(bench, running));
  // The same data plane as `headgate`, so only the idle figure says something new.
  if (name === "headgate-up") return;
  let open = 0;
  for (const [index, figure] of heldFigures.entries()) {
    const streams = bench.plan.heldStreams[index];
    if (streams === undefined) break;
    await bench.load.run({
      type: "hold",
      target: running.target,
      shape: { model: "bench-held", bodyBytes: 300, chunks: 100_000 },
      streams: streams - open,
      openMaxMs: bench.plan.heldOpenMaxMs,
    });
    open = streams;
    bench.samples.add(figure, name, await settledMebibytes(bench, running));
  }
  await bench.load.run({ type: "release" });
}

async function settledMebibytes({ plan }: Bench, { pid }: RunningPeer): Promise<number> {
  if (pid === undefined) throw new Error("there is no process to measure");
  await systemClock.sleep(plan.settleMs);
  return (await readProcessUsage(pid)).residentBytes / mebibyte;
}
