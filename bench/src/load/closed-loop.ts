import { systemClock } from "@headgate/core";
import { Pool } from "undici";
import { prepareCall, send } from "./call.ts";
import type { ClosedLoop, LoadResult } from "./commands.ts";
import { Tally } from "./tally.ts";

/** Finds what a peer spends: callers wait for their answer, so no queue hides behind the figures. */
export async function runClosedLoop(load: ClosedLoop): Promise<LoadResult> {
  const pool = new Pool(load.target.origin, { connections: load.concurrency });
  const call = prepareCall(pool, load.target, load.shape);
  const tally = new Tally();
  const endMs = systemClock.now() + load.durationMs;
  let started = 0;

  async function caller(): Promise<void> {
    while (started < load.requestsMax && systemClock.now() < endMs) {
      started += 1;
      await send(call, tally);
    }
  }

  await Promise.all(Array.from({ length: load.concurrency }, caller));
  await pool.close();
  return tally.result();
}
