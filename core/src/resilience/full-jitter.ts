import type { Random } from "../random.ts";

export interface FullJitterOptions {
  /** Failures so far; 0 for the first pause. */
  readonly attempt: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly random: Random;
}

/**
 * How long to pause before trying again: uniform in [0, min(max, base * 2^attempt)), so that
 * those who failed together do not come back together.
 *
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitterMs({ attempt, baseMs, maxMs, random }: FullJitterOptions): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}
