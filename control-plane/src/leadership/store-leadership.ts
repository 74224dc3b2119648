import type { Compare, Store, Transaction, TransactionResult } from "../store/store.ts";
import { type Leadership, LeadershipLostError } from "./leadership.ts";

export interface StoreLeadershipOptions {
  readonly store: Store;
  readonly scope: string;
  readonly key: string;
  readonly epoch: number;
  /** By the fence, at this moment. */
  readonly isValid: () => boolean;
  /** Told when the store says that we are not the leader. */
  readonly refuted: () => void;
}

export class StoreLeadership implements Leadership {
  readonly scope: string;
  readonly epoch: number;
  readonly compare: Compare;
  readonly #options: StoreLeadershipOptions;
  readonly #stopper = new AbortController();

  constructor(options: StoreLeadershipOptions) {
    const { scope, key, epoch } = options;
    this.#options = options;
    this.scope = scope;
    this.epoch = epoch;
    this.compare = { key, revision: epoch, target: "createRevision" };
  }

  get signal(): AbortSignal {
    return this.#stopper.signal;
  }

  isValid(): boolean {
    return !this.signal.aborted && this.#options.isValid();
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    if (!this.isValid()) throw this.#lost();
    const compare = [...(transaction.compare ?? []), this.compare];
    const result = await this.#options.store.transact({ ...transaction, compare });
    if (result.ok || !result.conflicts.includes(this.compare.key)) return result;
    this.#options.refuted();
    throw this.#lost();
  }

  /** It is lost, for good. */
  end(): void {
    this.#stopper.abort(this.#lost());
  }

  #lost(): LeadershipLostError {
    return new LeadershipLostError(this.scope, this.epoch);
  }
}
