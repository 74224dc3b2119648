import type { Clock } from "@headgate/core";

/** Something that must have happened by a certain time. */
export interface Deadline {
  /** In the clock of Deadlines.nowMs; put off by assigning. */
  deadlineMs: number;
  /** Called once, when the time has passed; the deadline is gone by then. */
  expire(): void;
}

/**
 * All deadlines of a worker, looked at ten times a second. Putting one off is an
 * assignment: cheaper by far than a timer per stream that every chunk re-arms,
 * and there is no timer that could be left behind.
 */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #pending = new Set<Deadline>();
  readonly #sweeper: Disposable;
  #nowMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nowMs = clock.now();
    this.#sweeper = clock.every(sweepEveryMs, () => this.#sweep());
  }

  /** Monotonic time, as of the last sweep: at most 100 ms old while the loop runs. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(deadline: Deadline): void {
    this.#pending.add(deadline);
  }

  remove(deadline: Deadline): void {
    this.#pending.delete(deadline);
  }

  [Symbol.dispose](): void {
    this.#sweeper[Symbol.dispose]();
    this.#pending.clear();
  }

  #sweep(): void {
    this.#nowMs = this.#clock.now();
    for (const deadline of this.#pending) {
      if (deadline.deadlineMs > this.#nowMs) continue;
      this.#pending.delete(deadline);
      deadline.expire();
    }
  }
}

const sweepEveryMs = 100;
