import { systemClock } from "@headgate/core";
import { Pool } from "undici";
import { percentile } from "../statistics.ts";
import { prepareCall, send } from "./call.ts";
import type { LoadResult, OpenLoop } from "./commands.ts";
import { Tally } from "./tally.ts";

/** Enough that a slow answer does not hold up later requests at the rates used here. */
const connections = 128;

/**
 * Sends at a fixed rate whatever the answers do, so that a peer that stalls is not spared the
 * requests that would have come meanwhile (coordinated omission).
 *
 * Latency counts from the moment a request is sent. The timer has a resolution of 1 ms, so sending
 * may be that late: an error of this program, the same for all, kept out of the figures.
 */
export async function runOpenLoop(load: OpenLoop): Promise<LoadResult> {
  const pool = new Pool(load.target.origin, { connections });
  const call = prepareCall(pool, load.target, load.shape);
  const tally = new Tally();
  const latenciesMs: number[] = [];
  const running = new Set<Promise<void>>();
  const startMs = systemClock.now();
  const total = Math.floor((load.durationMs / 1_000) * load.perSecond);

  async function timedSend(): Promise<void> {
    const sentMs = systemClock.now();
    await send(call, tally);
    latenciesMs.push(systemClock.now() - sentMs);
  }

  for (let sent = 0; sent < total; await systemClock.sleep(1)) {
    const due = ((systemClock.now() - startMs) / 1_000) * load.perSecond;
    for (; sent < Math.min(due, total); sent += 1) {
      const request: Promise<void> = timedSend().finally(() => running.delete(request));
      running.add(request);
    }
  }
  await Promise.all(running);
  await pool.close();
  return {
    ...tally.result(),
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
  };
}
