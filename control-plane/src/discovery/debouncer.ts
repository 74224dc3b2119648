import type { Clock } from "@headgate/core";

export interface DebounceTimes {
  /** Act once this long nothing more has happened ... */
  readonly quietMs: number;
  /** ... but at the latest this long after the first thing. */
  readonly maxMs: number;
}

/** Istio waits 100 ms and up to 10 s; a change here should reach nodes within a second. */
export const defaultDebounce: DebounceTimes = { quietMs: 50, maxMs: 500 };

/** Gathers what comes in a rush, so that an import of 1,000 keys is a few deltas, not 1,000. */
export class Debouncer {
  readonly #clock: Clock;
  readonly #times: DebounceTimes;
  readonly #act: () => void;
  readonly #stopper = new AbortController();
  #firstMs: number | undefined;
  #lastMs = 0;
  #waiting = false;

  constructor(options: { clock: Clock; times: DebounceTimes; act: () => void }) {
    this.#clock = options.clock;
    this.#times = options.times;
    this.#act = options.act;
  }

  /** Something happened that may wait. */
  trigger(): void {
    this.#lastMs = this.#clock.now();
    this.#firstMs ??= this.#lastMs;
    if (!this.#waiting) void this.#wait();
  }

  /** Something happened that may not; what waited goes with it. */
  flush(): void {
    this.#firstMs = undefined;
    this.#act();
  }

  stop(): void {
    this.#stopper.abort();
  }

  async #wait(): Promise<void> {
    const { signal } = this.#stopper;
    this.#waiting = true;
    while (this.#firstMs !== undefined && !signal.aborted) {
      const { quietMs, maxMs } = this.#times;
      const dueMs = Math.min(this.#lastMs + quietMs, this.#firstMs + maxMs);
      const leftMs = dueMs - this.#clock.now();
      if (leftMs > 0) await this.#clock.sleep(leftMs, signal);
      else this.flush();
    }
    this.#waiting = false;
  }
}
