import type { Clock } from "@headgate/core";

export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** The outcome of `work`, or a TimeoutError once `ms` have passed; `work` itself goes on. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const late = clock.sleep(ms, settled.signal).then(() => {
    if (settled.signal.aborted) return work;
    throw new TimeoutError(`the store did not answer within ${Math.round(ms)} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}
