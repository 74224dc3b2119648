import type { ResourceKind } from "@headgate/config";
import type { Entry, Store } from "../store/store.ts";
import { type HashOwner, hashOwnerFrom, keyHashesPrefix, keyHashKey } from "./key-hash-index.ts";
import {
  kindPrefix,
  type ResourceCodec,
  resourceKey,
  resourcesPrefix,
  type StoredResource,
} from "./resource-codec.ts";
import { resourceId } from "./resource-kind.ts";

/**
 * Keys that stand for "nothing of this sort was written meanwhile":
 * - references: written with every reference that is added, compared by every delete of something
 *   that can be referred to. A reference that appears while a delete looks for some makes it fail.
 * - credentials: written and compared by every write that adds a credential name, since those are
 *   unique across providers.
 */
export const guardKeys = {
  references: "/guards/references",
  credentials: "/guards/credentials",
} as const;

export type Guard = keyof typeof guardKeys;

/**
 * What a write is decided on: the part of the store that it loaded, all as of one revision.
 * Ask only for what was loaded.
 */
export class StoreState {
  readonly revision: number;
  readonly #store: Store;
  readonly #codec: ResourceCodec;
  readonly #resources = new Map<string, StoredResource>();
  readonly #hashOwners = new Map<string, HashOwner>();
  readonly #guardRevisions = new Map<Guard, number>();

  private constructor(store: Store, codec: ResourceCodec, revision: number) {
    this.#store = store;
    this.#codec = codec;
    this.revision = revision;
  }

  /** As of now, with one resource loaded. */
  static async around(
    store: Store,
    codec: ResourceCodec,
    id: { readonly kind: ResourceKind; readonly name: string },
  ): Promise<StoreState> {
    const { value: entry, revision } = await store.get(resourceKey(id.kind, id.name));
    const state = new StoreState(store, codec, revision);
    if (entry) state.put(codec.decode(id.kind, entry));
    return state;
  }

  /**
   * As of now, with everything loaded. What has not changed since `known` was read is taken from
   * there: opening values is most of the work.
   */
  static async whole(store: Store, codec: ResourceCodec, known?: StoreState): Promise<StoreState> {
    const { revision } = await store.list(resourcesPrefix, { limit: 1 });
    const state = new StoreState(store, codec, revision);
    for await (const entry of state.#list(resourcesPrefix)) {
      const id = entry.key.slice(resourcesPrefix.length);
      const before = known === undefined ? undefined : known.#resources.get(id);
      const stored = before?.revision === entry.revision ? before : codec.decodeEntry(entry);
      if (stored) state.put(stored);
    }
    for await (const entry of state.#list(keyHashesPrefix)) state.#addHashOwner(entry);
    await state.loadGuard("references");
    await state.loadGuard("credentials");
    return state;
  }

  get<K extends ResourceKind>(kind: K, name: string): StoredResource<K> | undefined {
    // Sound because put() files each resource under its own kind.
    return this.#resources.get(resourceId(kind, name)) as StoredResource<K> | undefined;
  }

  all(): Iterable<StoredResource> {
    return this.#resources.values();
  }

  ofKind<K extends ResourceKind>(kind: K): StoredResource<K>[] {
    const all = [...this.#resources.values()];
    return all.filter((stored): stored is StoredResource<K> => stored.kind === kind);
  }

  hashOwner(secretHash: string): HashOwner | undefined {
    return this.#hashOwners.get(secretHash);
  }

  guardRevision(guard: Guard): number {
    return this.#guardRevisions.get(guard) ?? 0;
  }

  async load(kind: ResourceKind, name: string): Promise<void> {
    const { value: entry } = await this.#store.get(resourceKey(kind, name), {
      revision: this.revision,
    });
    if (entry) this.put(this.#codec.decode(kind, entry));
  }

  async loadKind(kind: ResourceKind): Promise<void> {
    for await (const entry of this.#list(kindPrefix(kind))) {
      this.put(this.#codec.decode(kind, entry));
    }
  }

  async loadHashOwner(secretHash: string): Promise<void> {
    const { value: entry } = await this.#store.get(keyHashKey(secretHash), {
      revision: this.revision,
    });
    if (entry) this.#addHashOwner(entry);
  }

  async loadGuard(guard: Guard): Promise<void> {
    const { value: entry } = await this.#store.get(guardKeys[guard], { revision: this.revision });
    if (entry) this.#guardRevisions.set(guard, entry.revision);
  }

  // What a transaction of ours has changed since the revision read.

  put(stored: StoredResource): void {
    this.#resources.set(resourceId(stored.kind, stored.name), stored);
  }

  remove(kind: ResourceKind, name: string): void {
    this.#resources.delete(resourceId(kind, name));
  }

  setHashOwner(secretHash: string, owner: HashOwner | undefined): void {
    if (owner) this.#hashOwners.set(secretHash, owner);
    else this.#hashOwners.delete(secretHash);
  }

  setGuardRevision(guard: Guard, revision: number): void {
    this.#guardRevisions.set(guard, revision);
  }

  #addHashOwner(entry: Entry): void {
    this.#hashOwners.set(entry.key.slice(keyHashesPrefix.length), hashOwnerFrom(entry));
  }

  async *#list(prefix: string): AsyncGenerator<Entry> {
    const { revision } = this;
    let page = await this.#store.list(prefix, { revision });
    for (;;) {
      yield* page.value;
      const after = page.value.at(-1)?.key;
      if (!page.more || after === undefined) return;
      page = await this.#store.list(prefix, { revision, after });
    }
  }
}
