import { systemClock } from "@headgate/core";

/** How long a test waits for anything unless it says otherwise. */
export const waitMs = 10_000;

/**
 * The promise's own outcome, or an error naming `what` once `withinMs` have passed. For tests:
 * nothing they wait for may hang, and a timeout should say what never came.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  what: string | (() => string),
  withinMs = waitMs,
): Promise<T> {
  const settled = new AbortController();
  const late = systemClock.sleep(withinMs, settled.signal).then(() => {
    if (settled.signal.aborted) return promise;
    const described = typeof what === "string" ? what : what();
    throw new Error(`waited ${withinMs} ms for ${described}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
    late.catch(() => {});
  }
}
