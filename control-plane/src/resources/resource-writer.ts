import type { ResourceKind } from "@headgate/config";
import { CompactedError, type Store } from "../store/store.ts";
import type { ResourceCodec } from "./resource-codec.ts";
import {
  advanceState,
  groupChanges,
  type ResourceChange,
  resourceTransaction,
} from "./resource-transaction.ts";
import { StoreState } from "./store-state.ts";

/** What a write comes to, decided on the state it was read from. */
export interface Decision {
  readonly state: StoreState;
  readonly changes: readonly ResourceChange[];
}

export interface Written extends Decision {
  /** Of the last transaction; of the reading, if there was nothing to change. */
  readonly revision: number;
}

const attemptsMax = 10;

/** Every write of resources goes through here: read, decide, compare and write, or start over. */
export class ResourceWriter {
  readonly store: Store;
  readonly codec: ResourceCodec;

  constructor(store: Store, codec: ResourceCodec) {
    this.store = store;
    this.codec = codec;
  }

  stateAround(kind: ResourceKind, name: string): Promise<StoreState> {
    return StoreState.around(this.store, this.codec, { kind, name });
  }

  wholeState(): Promise<StoreState> {
    return StoreState.whole(this.store, this.codec);
  }

  /**
   * Undefined if others kept writing the same resources. `decide` is called again for each
   * attempt and may throw to give up.
   */
  async write(decide: () => Promise<Decision>): Promise<Written | undefined> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const written = await this.#attempt(decide);
      if (written) return written;
    }
    return undefined;
  }

  async #attempt(decide: () => Promise<Decision>): Promise<Written | undefined> {
    try {
      const decision = await decide();
      const revision = await this.#commit(decision);
      return revision === undefined ? undefined : { ...decision, revision };
    } catch (error) {
      if (error instanceof CompactedError) return undefined; // It was read too slowly.
      throw error;
    }
  }

  /** Undefined if something it was decided on has changed. */
  async #commit({ state, changes }: Decision): Promise<number | undefined> {
    let { revision } = state;
    for (const group of groupChanges(changes)) {
      const result = await this.store.transact(resourceTransaction(group, state, this.codec));
      if (!result.ok) return undefined;
      advanceState(group, state, result.revision);
      revision = result.revision;
    }
    return revision;
  }
}
