import type { RunningPeer } from "../peers/launch-peer.ts";
import type { Bench } from "./section.ts";

/** Latency at a fixed rate, and how much of it a peer adds to the direct way in the same round. */
export async function latencySection(bench: Bench, fleet: readonly RunningPeer[]): Promise<void> {
  for (let round = 1; round <= bench.plan.rounds; round += 1) {
    bench.say(`latency, round ${round} of ${bench.plan.rounds}`);
    let base: Latency | undefined;
    for (const peer of fleet) {
      const latency = await measure(bench, peer);
      bench.samples.add("latency_p50", peer.name, latency.p50Ms);
      bench.samples.add("latency_p99", peer.name, latency.p99Ms);
      if (peer.name === "direct") base = latency;
      else if (base !== undefined) addDifference(bench, peer, { latency, base });
    }
  }
}

interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function measure({ plan, load }: Bench, { target }: RunningPeer): Promise<Latency> {
  const command = {
    type: "open-loop",
    target,
    shape: { model: "bench-paced", bodyBytes: 300 },
    perSecond: plan.latencyPerSecond,
  } as const;
  // Opens the connections, so that the figures are about requests only.
  await load.run({ ...command, durationMs: 500 });
  const { p50Ms, p99Ms } = await load.run({ ...command, durationMs: plan.latencyMs });
  if (p50Ms === undefined || p99Ms === undefined) throw new Error("the load has no latencies");
  return { p50Ms, p99Ms };
}

function addDifference(
  { samples }: Bench,
  { name }: RunningPeer,
  { latency, base }: { readonly latency: Latency; readonly base: Latency },
): void {
  samples.add("added_p50", name, latency.p50Ms - base.p50Ms);
  samples.add("added_p99", name, latency.p99Ms - base.p99Ms);
}
