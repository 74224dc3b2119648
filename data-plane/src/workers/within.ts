import type { Clock } from "@headgate/core";

/** What `promise` resolves with, or undefined when it takes longer than `ms`. Leaves no timer behind. */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  clock: Clock,
): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, clock.sleep(ms, timer.signal).then(() => undefined)]);
  } finally {
    timer.abort();
  }
}
