import type { Command, LoadResult } from "../load/commands.ts";
import type { RunningPeer } from "../peers/launch-peer.ts";
import { readProcessUsage } from "../process/process-usage.ts";
import type { Bench } from "./section.ts";

export interface CpuCost {
  /** CPU time per completed request, in microseconds. */
  readonly perRequestUs: number;
  readonly result: LoadResult;
}

/** What a load costs the peer's process. Undefined for `direct`, which has none. */
export async function cpuCost(
  bench: Bench,
  { pid }: RunningPeer,
  command: Command,
): Promise<CpuCost | undefined> {
  if (pid === undefined) return undefined;
  const before = await readProcessUsage(pid);
  const result = await bench.load.run(command);
  const after = await readProcessUsage(pid);
  return { perRequestUs: (after.cpuUs - before.cpuUs) / result.completed, result };
}
