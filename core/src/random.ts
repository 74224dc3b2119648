/** The only door to chance: uniform in [0, 1). */
export type Random = () => number;

/** Chance as the running process has it. Not for secrets: those come from node:crypto. */
export const systemRandom: Random = Math.random;

/**
 * A repeatable sequence for tests and simulations.
 * Source: Mulberry32, T. Ettinger, 2017 (public domain).
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
