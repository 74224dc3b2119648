import type { Store, StoreLease, Transaction, TransactionResult } from "../store/store.ts";

/**
 * A candidate's way to the store, which can be in trouble.
 *
 * - ok: as it is
 * - fails: every call is refused
 * - hangs: no call is answered, nor done; watches say nothing
 * - deaf: watches say nothing
 * - mute: transactions are done, and not answered; all else is
 */
export type Trouble = "ok" | "fails" | "hangs" | "deaf" | "mute";

export class TroubledStore implements Store {
  trouble: Trouble = "ok";
  /** Calls made, whatever became of them. */
  calls = 0;
  /** The newest lease that was granted. */
  lease: StoreLease | undefined;
  readonly #store: Store;
  readonly #losses = new Set<(error: Error) => void>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Calls fail from now on, and so do the watches. */
  fail(): void {
    this.trouble = "fails";
    for (const lose of [...this.#losses]) lose(new Error("the connection was lost"));
  }

  get: Store["get"] = (key, options) => this.#call(() => this.#store.get(key, options));
  list: Store["list"] = (prefix, options) => this.#call(() => this.#store.list(prefix, options));
  compact: Store["compact"] = (revision) => this.#call(() => this.#store.compact(revision));

  async transact(transaction: Transaction): Promise<TransactionResult> {
    const isMute = this.trouble === "mute";
    const result = await this.#call(() => this.#store.transact(transaction));
    return isMute ? never() : result;
  }

  async grantLease(ttlMs: number): Promise<StoreLease> {
    const lease = await this.#call(() => this.#store.grantLease(ttlMs));
    this.lease = {
      id: lease.id,
      ttlMs: lease.ttlMs,
      keepAlive: () => this.#call(() => lease.keepAlive()),
      revoke: () => this.#call(() => lease.revoke()),
    };
    return this.lease;
  }

  async *watch(...[prefix, { from, signal }]: Parameters<Store["watch"]>) {
    await this.#call(async () => {});
    const stopper = new AbortController();
    const { promise: loss, reject: lose } = Promise.withResolvers<never>();
    loss.catch(() => {});
    this.#losses.add(lose);
    const options = { from, signal: AbortSignal.any([signal, stopper.signal]) };
    const batches = this.#store.watch(prefix, options)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await Promise.race([batches.next(), loss]);
        if (next.done) return;
        if (this.trouble !== "hangs" && this.trouble !== "deaf") yield next.value;
      }
    } finally {
      this.#losses.delete(lose);
      stopper.abort();
    }
  }

  async close(): Promise<void> {}

  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.calls += 1;
    if (this.trouble === "fails") throw new Error("the store can't be reached");
    return this.trouble === "hangs" ? never() : work();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
