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
    if (translates(peer)) {
      await bench.load.run(burstLoad(bench, peer, bench.plan.warmUpMs, "bench-burst-translated"));
    }
  }
  for (let round = 1; round <= bench.plan.rounds; round += 1) {
    bench.say(`cpu per streamed chunk, round ${round} of ${bench.plan.rounds}`);
    for (const peer of fleet) {
      await measure(bench, peer);
      if (translates(peer)) await measureTranslated(bench, peer);
    }
  }
}

/** What the streams of another vendor cost beside those that are relayed. */
function translates({ name }: RunningPeer): boolean {
  return name === "headgate";
}

async function measure(bench: Bench, peer: RunningPeer): Promise<void> {
  const costs = await perChunk(bench, peer, { paced: "bench-paced", burst: "bench-burst" });
  if (!costs) return;
  bench.samples.add("cpu_stream", peer.name, costs.streamUs);
  bench.samples.add("cpu_chunk", peer.name, costs.pacedUs);
  bench.samples.add("cpu_chunk_burst", peer.name, costs.burstUs);
}

async function measureTranslated(bench: Bench, peer: RunningPeer): Promise<void> {
  const models = { paced: "bench-paced-translated", burst: "bench-burst-translated" } as const;
  const costs = await perChunk(bench, peer, models);
  if (!costs) return;
  bench.samples.add("cpu_chunk_translated", peer.name, costs.pacedUs);
  bench.samples.add("cpu_chunk_burst_translated", peer.name, costs.burstUs);
}

/** In microseconds: of a stream of one chunk, and of each further chunk. */
async function perChunk(
  bench: Bench,
  peer: RunningPeer,
  models: { readonly paced: ModelName; readonly burst: ModelName },
): Promise<{ streamUs: number; pacedUs: number; burstUs: number } | undefined> {
  const { streamConcurrency, streams, streamMs, chunksPerStream: chunks } = bench.plan;
  const short = await cpuCost(bench, peer, {
    ...streamLoad(peer, models.paced, 1),
    concurrency: streamConcurrency,
    durationMs: streamMs,
    requestsMax: streamsMax,
  });
  const paced = await cpuCost(bench, peer, {
    ...streamLoad(peer, models.paced, chunks),
    concurrency: streamConcurrency,
    durationMs: 60_000,
    requestsMax: streams,
  });
  const burst = await cpuCost(bench, peer, burstLoad(bench, peer, streamMs, models.burst));
  if (short === undefined || paced === undefined || burst === undefined) return undefined;
  warnIfMerged(bench, peer, paced.result);
  const perChunkUs = (long: number) => (long - short.perRequestUs) / (chunks - 1);
  return {
    streamUs: short.perRequestUs,
    pacedUs: perChunkUs(paced.perRequestUs),
    burstUs: perChunkUs(burst.perRequestUs),
  };
}

function burstLoad(
  { plan }: Bench,
  peer: RunningPeer,
  durationMs: number,
  model: ModelName = "bench-burst",
): ClosedLoop {
  return {
    ...streamLoad(peer, model, plan.chunksPerStream),
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
