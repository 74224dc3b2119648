import type { ResourceKind } from "@headgate/config";
import type { Auditor, AuditSource } from "../audit/auditor.ts";
import { CompactedError, type Store } from "../store/store.ts";
import { groupChanges } from "./group-changes.ts";
import type { ResourceCodec } from "./resource-codec.ts";
import { advanceState, type ResourceChange, resourceTransaction } from "./resource-transaction.ts";
import { StoreState } from "./store-state.ts";

/** What a write comes to, decided on the state it was read from. */
export interface Decision {
  readonly state: StoreState;
  readonly changes: readonly ResourceChange[];
}

export interface Written extends Decision {
  /** Of the last transaction; of the reading, if there was nothing to change. */
  readonly revision: number;
  /** How many it took, or would have taken. */
  readonly transactions: number;
}

export interface WriteOptions {
  readonly source: AuditSource;
  /** Check everything, write nothing. `state` stays as it was read. */
  readonly validateOnly?: boolean;
  /** More than this is not begun: nothing is written then. Default: any number. */
  readonly transactionsMax?: number;
}

export interface ResourceWriterOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly auditor: Pick<Auditor, "entryFor">;
}

const attemptsMax = 10;

/**
 * Every write of resources goes through here: read, decide, compare and write, or start over.
 * Each transaction holds the audit entry of what it changes.
 */
export class ResourceWriter {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly #auditor: Pick<Auditor, "entryFor">;

  constructor({ store, codec, auditor }: ResourceWriterOptions) {
    this.store = store;
    this.codec = codec;
    this.#auditor = auditor;
  }

  stateAround(kind: ResourceKind, name: string): Promise<StoreState> {
    return StoreState.around(this.store, this.codec, { kind, name });
  }

  /** `known`: what an earlier attempt has read. */
  wholeState(known?: StoreState): Promise<StoreState> {
    return StoreState.whole(this.store, this.codec, known);
  }

  /**
   * Undefined if others kept writing the same resources. `decide` is called again for each
   * attempt and may throw to give up.
   *
   * @throws TooLargeError for a resource that does not fit the store.
   */
  async write(
    options: WriteOptions,
    decide: () => Promise<Decision>,
  ): Promise<Written | undefined> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const written = await this.#attempt(options, decide);
      if (written) return written;
    }
    return undefined;
  }

  async #attempt(
    options: WriteOptions,
    decide: () => Promise<Decision>,
  ): Promise<Written | undefined> {
    try {
      const decision = await decide();
      const groups = groupChanges(decision.changes, this.codec);
      const transactions = groups.length;
      const { validateOnly = false, transactionsMax = Number.POSITIVE_INFINITY } = options;
      const revision =
        validateOnly || transactions > transactionsMax
          ? decision.state.revision
          : await this.#commit(options.source, decision.state, groups);
      return revision === undefined ? undefined : { ...decision, revision, transactions };
    } catch (error) {
      if (error instanceof CompactedError) return undefined; // It was read too slowly.
      throw error;
    }
  }

  /** Undefined if something it was decided on has changed. */
  async #commit(
    source: AuditSource,
    state: StoreState,
    groups: readonly (readonly ResourceChange[])[],
  ): Promise<number | undefined> {
    const { codec } = this;
    let { revision } = state;
    for (const group of groups) {
      const auditEntry = this.#auditor.entryFor(source, group);
      const transaction = resourceTransaction(group, state, { codec, auditEntry });
      const result = await this.store.transact(transaction);
      if (!result.ok) return undefined;
      advanceState(group, state, result.revision);
      revision = result.revision;
    }
    return revision;
  }
}
