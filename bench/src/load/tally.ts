import type { LoadResult } from "./commands.ts";

/** Counts what came of the requests of one load. */
export class Tally {
  #completed = 0;
  #failed = 0;
  #failure: string | undefined;
  #events = 0;
  #reads = 0;

  complete(events: number, reads: number): void {
    this.#completed += 1;
    this.#events += events;
    this.#reads += reads;
  }

  fail(reason: string): void {
    this.#failed += 1;
    this.#failure ??= reason;
  }

  result(): LoadResult {
    return {
      completed: this.#completed,
      failed: this.#failed,
      ...(this.#failure !== undefined && { failure: this.#failure }),
      events: this.#events,
      reads: this.#reads,
    };
  }
}
