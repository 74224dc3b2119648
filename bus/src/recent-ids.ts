import type { Clock } from "@headgate/core";

export interface RecentIdsOptions {
  readonly clock: Clock;
  readonly windowMs: number;
  /** Most ids remembered. The oldest go first, before their time if need be. */
  readonly idsMax: number;
}

interface Seen {
  readonly sequence: number;
  readonly atMs: number;
}

/** Remembers for a while which ids were seen, and as what. In order of time, as a Map keeps it. */
export class RecentIds {
  readonly #options: RecentIdsOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: RecentIdsOptions) {
    this.#options = options;
  }

  /** The sequence that `id` was remembered with, within the window. */
  find(id: string): number | undefined {
    this.#forgetOld();
    return this.#seen.get(id)?.sequence;
  }

  remember(id: string, sequence: number): void {
    this.#seen.set(id, { sequence, atMs: this.#options.clock.now() });
    this.#forgetOld();
  }

  #forgetOld(): void {
    const { clock, windowMs, idsMax } = this.#options;
    const oldestMs = clock.now() - windowMs;
    for (const [id, { atMs }] of this.#seen) {
      if (atMs > oldestMs && this.#seen.size <= idsMax) return;
      this.#seen.delete(id);
    }
  }
}
