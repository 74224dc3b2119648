import type { Compare, Transaction, TransactionResult } from "../store/store.ts";

/** One tenure as the leader of a scope. Act only through it, and ask isValid() before you do. */
export interface Leadership {
  readonly scope: string;
  /** Greater than that of every earlier leader of this scope: the fencing token. */
  readonly epoch: number;
  /** Aborts when it is lost; may be late where the process was paused, isValid() is not. */
  readonly signal: AbortSignal;
  /** Holds only while we are the leader in the store: for transactions made by others. */
  readonly compare: Compare;

  /** False from the moment that another may be elected, by our own monotonic clock. */
  isValid(): boolean;

  /**
   * Store.transact() under the condition that we are still the leader. At most 127 compares.
   *
   * @throws {LeadershipLostError} when we are not; nothing was written.
   */
  transact(transaction: Transaction): Promise<TransactionResult>;
}

export class LeadershipLostError extends Error {
  override readonly name = "LeadershipLostError";

  constructor(scope: string, epoch: number) {
    super(`no longer the leader of "${scope}" (epoch ${epoch}); leave its work to the next one`);
  }
}
