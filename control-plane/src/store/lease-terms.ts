import type { Clock } from "@headgate/core";

export interface LeaseTermsOptions {
  readonly clock: Clock;
  /** End a lease for good. May throw: it is tried again. */
  readonly expire: (id: number) => void;
  /** Told when `expire` threw. */
  readonly onError: (error: unknown) => void;
}

interface Term {
  readonly ttlMs: number;
  readonly stopper: AbortController;
  deadlineMs: number;
}

/** Timers hold 32 bits of milliseconds; a longer wait is made of several. */
const sleepMaxMs = 24 * 3_600_000;
const retryAfterMs = 1000;

/**
 * How long each lease still has, by the monotonic clock of this process.
 *
 * A term is over at its deadline even if its timer is late: from then on it can't be kept alive.
 */
export class LeaseTerms {
  readonly #options: LeaseTermsOptions;
  readonly #terms = new Map<number, Term>();

  constructor(options: LeaseTermsOptions) {
    this.#options = options;
  }

  start(id: number, ttlMs: number): void {
    const deadlineMs = this.#options.clock.now() + ttlMs;
    const term = { ttlMs, stopper: new AbortController(), deadlineMs };
    this.#terms.set(id, term);
    void this.#run(id, term);
  }

  has(id: number): boolean {
    const term = this.#terms.get(id);
    return term !== undefined && this.#options.clock.now() < term.deadlineMs;
  }

  /** Start the term anew. False if it is over. */
  renew(id: number): boolean {
    const term = this.#terms.get(id);
    if (!term || !this.has(id)) return false;
    term.deadlineMs = this.#options.clock.now() + term.ttlMs;
    return true;
  }

  /** Forget a term that was ended otherwise. */
  end(id: number): void {
    this.#terms.get(id)?.stopper.abort();
    this.#terms.delete(id);
  }

  /** Forget all of them, expiring none. */
  close(): void {
    for (const id of [...this.#terms.keys()]) this.end(id);
  }

  async #run(id: number, term: Term): Promise<void> {
    const { clock } = this.#options;
    const { signal } = term.stopper;
    while (!signal.aborted) {
      const leftMs = term.deadlineMs - clock.now();
      if (leftMs <= 0 && this.#tryExpire(id)) return;
      await clock.sleep(leftMs > 0 ? Math.min(leftMs, sleepMaxMs) : retryAfterMs, signal);
    }
  }

  #tryExpire(id: number): boolean {
    try {
      this.#options.expire(id);
      this.end(id);
      return true;
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }
}
