import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import type { Leadership } from "../leadership.ts";
import type { Duty } from "../run-while-leader.ts";

export interface DutyEveryOptions {
  /** For the log. */
  readonly name: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly task: (leadership: Leadership) => Promise<void>;
}

/** A new leader has more urgent things to do than to tidy up. */
const firstAfterMs = 30_000;

/**
 * A duty that does its task every so often. One that fails is done again at its next time, no
 * sooner: what tidies up the store does not press a store in trouble.
 */
export function dutyEvery({ name, everyMs, clock, logger, task }: DutyEveryOptions): Duty {
  if (!(everyMs > 0)) throw new RangeError(`everyMs must be above 0, got ${everyMs}`);
  return async (leadership) => {
    const { signal, scope } = leadership;
    await clock.sleep(Math.min(firstAfterMs, everyMs), signal);
    while (leadership.isValid()) {
      try {
        await task(leadership);
      } catch (err) {
        if (!leadership.isValid()) return;
        logger.warn({ err, duty: name, scope }, "a leader's duty failed; its next time will come");
      }
      await clock.sleep(everyMs, signal);
    }
  };
}
