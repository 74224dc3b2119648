import type { Clock } from "@headgate/core";

/** Less than this is somebody setting the clock a little, or an odd timer. */
const jumpMinMs = 250;

/**
 * Monotonic time that also counts what the machine slept through. Linux' monotonic clock stands
 * still while a machine is suspended or a virtual one is paused, and leases in the store run on;
 * the wall clock then jumps, and the jump is added. Somebody setting the wall clock forward looks
 * the same: a term ends early, which is safe.
 */
export function suspendAwareNow(clock: Clock): () => number {
  let addedMs = 0;
  let aheadMs = clock.wallTimeMs() - clock.now();
  return () => {
    const nowMs = clock.now();
    const jumpMs = clock.wallTimeMs() - nowMs - aheadMs;
    aheadMs += jumpMs;
    if (jumpMs > jumpMinMs) addedMs += jumpMs;
    return nowMs + addedMs;
  };
}
