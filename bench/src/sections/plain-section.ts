import type { ClosedLoop } from "../load/commands.ts";
import type { RunningPeer } from "../peers/launch-peer.ts";
import { plainFigures } from "../report/figures.ts";
import { cpuCost } from "./cpu-cost.ts";
import type { Bench } from "./section.ts";

/** CPU time per plain request, for small, medium and large bodies. */
export async function plainSection(bench: Bench, fleet: readonly RunningPeer[]): Promise<void> {
  const { plan } = bench;
  await warmUp(bench, fleet);
  for (let round = 1; round <= plan.rounds; round += 1) {
    bench.say(`cpu per plain request, round ${round} of ${plan.rounds}`);
    for (const [index, figure] of plainFigures.entries()) {
      for (const peer of fleet) {
        const load = plainLoad(bench, peer, plan.bodyBytes[index] ?? 0, plan.plainMs);
        const cost = await cpuCost(bench, peer, load);
        if (cost !== undefined) bench.samples.add(figure, peer.name, cost.perRequestUs);
      }
    }
  }
}

/** Long enough for V8 to have compiled the paths that will be measured. */
async function warmUp(bench: Bench, fleet: readonly RunningPeer[]): Promise<void> {
  bench.say("cpu per plain request, warming up");
  for (const peer of fleet) {
    for (const bodyBytes of bench.plan.bodyBytes) {
      await bench.load.run(plainLoad(bench, peer, bodyBytes, bench.plan.warmUpMs));
    }
  }
}

function plainLoad(
  { plan }: Bench,
  { target }: RunningPeer,
  bodyBytes: number,
  durationMs: number,
): ClosedLoop {
  return {
    type: "closed-loop",
    target,
    shape: { model: "bench-paced", bodyBytes },
    concurrency: plan.plainConcurrency,
    durationMs,
    requestsMax: 1_000_000,
  };
}
