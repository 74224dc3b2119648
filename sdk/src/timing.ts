/** The only door of this package to time and chance, so that tests can stand in for both. */
export interface Timing {
  /** Resolves after `ms` milliseconds. Rejects with the signal's reason when it aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export const realTiming: Timing = {
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      function onAbort(): void {
        clearTimeout(timer);
        reject(signal.reason);
      }
      signal.addEventListener("abort", onAbort, { once: true });
    }),
  random: Math.random,
};

/** Calls `act` once nothing has fed it for `ms` milliseconds; never without. */
export class Watchdog {
  readonly #ms: number | undefined;
  readonly #act: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number | undefined, act: () => void) {
    this.#ms = ms;
    this.#act = act;
    this.feed();
  }

  feed(): void {
    this.stop();
    if (this.#ms !== undefined) this.#timer = setTimeout(this.#act, this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Exponential backoff with full jitter: uniform up to `base * 2^attempt`, at most `max`. */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** attempt);
}

const backoffBaseMs = 100;
const backoffMaxMs = 5_000;
