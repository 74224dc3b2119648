import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import type { Logger } from "pino";
import type { Elector } from "./elector.ts";
import type { Leadership } from "./leadership.ts";

/** Work of a leader. Ends when `leadership.signal` aborts, and acts only through `leadership`. */
export type Duty = (leadership: Leadership) => Promise<void>;

export interface RunWhileLeaderOptions {
  readonly elector: Elector;
  /** For the log. */
  readonly name: string;
  readonly duty: Duty;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface RunningDuty {
  /** Resolves when the duty has ended. Stop the elector first: it is what makes the duty end. */
  stop(): Promise<void>;
}

const pauseBaseMs = 100;
const pauseMaxMs = 30_000;
/** A duty that ran this long before it failed starts again without much of a pause. */
const ranWellMs = 60_000;

/**
 * Runs the duty whenever we are elected, until we are not; again, after a pause that grows, if it
 * throws; not again in the same tenure if it returns. Never twice at once: a duty that goes on
 * after its tenure delays its own next start.
 */
export function runWhileLeader(options: RunWhileLeaderOptions): RunningDuty {
  const stopper = new AbortController();
  const done = run(options, stopper.signal);
  return {
    stop: () => {
      stopper.abort();
      return done;
    },
  };
}

async function run(options: RunWhileLeaderOptions, signal: AbortSignal): Promise<void> {
  const { elector, clock } = options;
  for (let failures = 0; ; ) {
    const leadership = await elector.whenLeading(signal);
    if (!leadership) return;
    const startedMs = clock.now();
    const failed = await runOnce(options, leadership);
    if (clock.now() - startedMs >= ranWellMs) failures = 0;
    const tenureOrStop = AbortSignal.any([leadership.signal, signal]);
    if (failed) {
      const pause = { attempt: failures, baseMs: pauseBaseMs, maxMs: pauseMaxMs };
      await clock.sleep(fullJitterMs({ ...pause, random: options.random }), tenureOrStop);
      failures += 1;
    } else {
      failures = 0;
      await aborted(tenureOrStop);
    }
  }
}

/** True if it failed of itself, not because its tenure ended. */
async function runOnce(
  { duty, name, logger }: RunWhileLeaderOptions,
  leadership: Leadership,
): Promise<boolean> {
  try {
    await duty(leadership);
    return false;
  } catch (err) {
    if (!leadership.isValid()) return false;
    logger.warn(
      { err, duty: name, scope: leadership.scope },
      "a leader's duty failed; starting it again",
    );
    return true;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
