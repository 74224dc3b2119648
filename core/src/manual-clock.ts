import type { Clock } from "./clock.ts";

interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until told to advance. For tests and simulations. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #startWallMs: number;
  readonly #waiters = new Set<Waiter>();

  constructor(startWallMs = 1_750_000_000_000) {
    this.#startWallMs = startWallMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return this.#startWallMs + this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = { dueMs: this.#nowMs + ms, wake: done };
      const waiters = this.#waiters;
      waiters.add(waiter);
      signal?.addEventListener("abort", done, { once: true });
      function done(): void {
        waiters.delete(waiter);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    });
  }

  every(ms: number, task: () => void): Disposable {
    const stopper = new AbortController();
    const arm = (dueMs: number): void => {
      const waiter: Waiter = {
        dueMs,
        wake: () => {
          this.#waiters.delete(waiter);
          task();
          if (!stopper.signal.aborted) arm(dueMs + ms);
        },
      };
      this.#waiters.add(waiter);
      stopper.signal.addEventListener("abort", () => this.#waiters.delete(waiter), { once: true });
    };
    arm(this.#nowMs + ms);
    return { [Symbol.dispose]: () => stopper.abort() };
  }

  /** Move time forward, waking each sleeper at its own moment, and let their continuations run. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = [...this.#waiters]
        .filter((waiter) => waiter.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Let promise continuations and their continuations run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
