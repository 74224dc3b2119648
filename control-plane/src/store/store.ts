/**
 * Where resources live: an ordered, versioned key-value store with the
 * guarantees of etcd's, so that etcd itself is one implementation of it.
 *
 * Every change makes a new revision, one for the whole store. A transaction is
 * one revision. Values are opaque bytes. Keys are non-empty strings, ordered by
 * their UTF-8 bytes.
 */
export interface Store {
  /** The key as of `revision` (default: now). */
  get(key: string, options?: ReadOptions): Promise<Read<Entry | undefined>>;

  /**
   * The keys that start with `prefix`, in order, as of one revision. Page with
   * `limit` and `after`, giving the first page's revision to the later ones.
   */
  list(prefix: string, options?: ListOptions): Promise<Read<readonly Entry[]> & { more: boolean }>;

  /**
   * Compare, then write: all of it in one revision, or nothing. What changes nothing (no writes, or
   * only deletes of absent keys) makes no revision.
   *
   * @throws {RangeError} for a key, value or count beyond `storeLimits`. {StoreError} with code
   * "lease_gone" for a put under a lease that ended, "full" when there is no room, "unavailable" when
   * it is not known whether it was done.
   */
  transact(transaction: Transaction): Promise<TransactionResult>;

  /**
   * Every change under `prefix` from revision `from` on (inclusive), in order, one batch per
   * revision, never half a transaction. Runs until `signal` aborts, then ends normally.
   *
   * @throws {CompactedError} from the iterator, when `from` is no longer kept: list again, and
   * watch from the revision of that list plus one.
   */
  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch>;

  /** A lease of `ttlMs`; keys attached to it are deleted when it expires or is revoked. */
  grantLease(ttlMs: number): Promise<StoreLease>;

  /**
   * Forget what was overwritten or deleted before `revision`; what is current then stays readable.
   * Compacting what is compacted already does nothing; a future revision is a RangeError.
   */
  compact(revision: number): Promise<void>;

  close(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Revision that created the key (since it was last absent): the fencing token of elections. */
  readonly createRevision: number;
  /** Revision that last wrote it: what to compare with. */
  readonly revision: number;
}

export interface Read<T> {
  readonly value: T;
  /** The revision that was read. */
  readonly revision: number;
}

export interface ReadOptions {
  /** @throws {CompactedError} when it is no longer kept. Future revisions are a RangeError. */
  readonly revision?: number;
}

export interface ListOptions extends ReadOptions {
  /** Most entries to return, 1 to 10,000. Default 10,000. */
  readonly limit?: number;
  /** Start behind this key. */
  readonly after?: string;
}

export interface WatchOptions {
  readonly from: number;
  readonly signal: AbortSignal;
}

export interface WatchBatch {
  readonly revision: number;
  readonly changes: readonly Change[];
}

export type Change =
  | { readonly type: "put"; readonly entry: Entry }
  | { readonly type: "delete"; readonly key: string };

/** True if the key's last write has this revision; 0 means: the key does not exist. */
export interface Compare {
  readonly key: string;
  readonly revision: number;
  /** What `revision` is compared with. Default "revision" (the last write). */
  readonly target?: "revision" | "createRevision";
}

export type Write =
  | {
      readonly type: "put";
      readonly key: string;
      readonly value: Uint8Array;
      readonly lease?: StoreLease;
    }
  | { readonly type: "delete"; readonly key: string };

export interface Transaction {
  /** All must hold, or nothing is written. At most 128. */
  readonly compare?: readonly Compare[];
  /** Each key at most once. At most 128 (etcd's default bound). */
  readonly writes: readonly Write[];
}

export type TransactionResult =
  | { readonly ok: true; readonly revision: number }
  /** Nothing was written; `conflicts` are the keys whose compare failed. */
  | { readonly ok: false; readonly revision: number; readonly conflicts: readonly string[] };

export interface StoreLease {
  readonly id: string;
  readonly ttlMs: number;
  /** Start the term anew. Resolves false if the lease is gone: it can't be brought back. */
  keepAlive(): Promise<boolean>;
  /** End it now, deleting its keys. Idempotent. */
  revoke(): Promise<void>;
}

/** The asked-for revision was compacted away. */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
  readonly compactedRevision: number;

  constructor(compactedRevision: number) {
    super(
      `history before revision ${compactedRevision} was compacted; list again and watch from there`,
    );
    this.compactedRevision = compactedRevision;
  }
}

/** Bounds shared by all implementations. */
export const storeLimits = {
  keyBytesMax: 1024,
  /** etcd refuses requests over 1.5 MiB; stay under with one value. */
  valueBytesMax: 1024 * 1024,
  /** Keys and values of all writes of a transaction, for the same reason. */
  transactionBytesMax: 1280 * 1024,
  transactionWritesMax: 128,
  transactionComparesMax: 128,
  listEntriesMax: 10_000,
} as const;
