import type { ClosedLoop, LoadResult } from "../load/commands.ts";
import type { RunningPeer } from "../peers/launch-peer.ts";
import type { ModelName } from "../upstream/models.ts";
import { cpuCost } from "./cpu-cost.ts";
import type { Bench } from "./section.ts";

/** Fewer streams at once than when they are paced: each of these is a full stream of bytes. */
const burstConcurrency = 4;
const streamsMax = 100_000;

/**
 * CPU time per chunk: what a long stream costs, less what a stream of one chunk costs, divided by
 * the chunks that it has more.
 */
export async function streamSection(bench: Bench, fleet: readonly RunningPeer[]): Promise<void> {
  bench.say("cpu per streamed chunk, warming up");
  for (const peer of fleet) {
    await bench.load.run(burstLoad(bench, peer, bench.plan.warmUpMs));
  }
  for (let round = 1; round <= bench.plan.rounds; round += 1) {
    bench.say(`cpu per streamed chunk, round ${round} of ${bench.plan.rounds}`);
    for (const peer of fleet) await measure(bench, peer);
  }
}

async function measure(bench: Bench, peer: RunningPeer): Promise<void> {
  const { plan, samples } = bench;
  const { streamConcurrency, streams, streamMs, chunksPerStream: chunks } = plan;
  const short = await cpuCost(bench, peer, {
    ...streamLoad(peer, "bench-paced", 1),
    concurrency: streamConcurrency,
    durationMs: streamMs,
    requestsMax: streamsMax,
  });
  const paced = await cpuCost(bench, peer, {
    ...streamLoad(peer, "bench-paced", chunks),
    concurrency: streamConcurrency,
    durationMs: 60_000,
    requestsMax: streams,
  });
  const burst = await cpuCost(bench, peer, burstLoad(bench, peer, streamMs));
  if (short === undefined || paced === undefined || burst === undefined) return;
  warnIfMerged(bench, peer, paced.result);
  const perChunkUs = (long: number) => (long - short.perRequestUs) / (chunks - 1);
  samples.add("cpu_stream", peer.name, short.perRequestUs);
  samples.add("cpu_chunk", peer.name, perChunkUs(paced.perRequestUs));
  samples.add("cpu_chunk_burst", peer.name, perChunkUs(burst.perRequestUs));
}

function burstLoad({ plan }: Bench, peer: RunningPeer, durationMs: number): ClosedLoop {
  return {
    ...streamLoad(peer, "bench-burst", plan.chunksPerStream),
    concurrency: burstConcurrency,
    durationMs,
    requestsMax: streamsMax,
  };
}

function streamLoad({ target }: RunningPeer, model: ModelName, chunks: number) {
  return {
    type: "closed-loop",
    target,
    shape: { model, bodyBytes: 300, chunks },
  } as const satisfies Partial<ClosedLoop>;
}

/** Merged chunks are cheaper than those that come one by one: a peer must not gain by falling behind. */
function warnIfMerged(bench: Bench, { name }: RunningPeer, { events, reads }: LoadResult): void {
  if (reads >= events * 0.9) return;
  const share = Math.round((100 * reads) / events);
  bench.say(`  ${name}: paced chunks were merged on their way, ${share} reads for 100 events`);
}
