import { setImmediate } from "node:timers/promises";
import { type Clock, Wakeup } from "@headgate/core";
import { BoundedDatabase } from "./bounded-database.ts";
import { ChangeLog } from "./change-log.ts";
import {
  assertInteger,
  assertKey,
  assertListLimit,
  assertPrefix,
  assertTransaction,
} from "./check-arguments.ts";
import { LeaseTerms } from "./lease-terms.ts";
import {
  CompactedError,
  type Compare,
  type Entry,
  type ListOptions,
  type Read,
  type ReadOptions,
  type Store,
  type StoreLease,
  storeLimits,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
  type WatchOptions,
  type Write,
} from "./store.ts";
import { StoreError } from "./store-error.ts";

export interface EmbeddedStoreOptions {
  /** The file (made if it does not exist, with its folders), or ":memory:". */
  readonly path: string;
  readonly clock: Clock;
  /** Revisions to keep for watchers and readers of the past. Default 10,000. */
  readonly revisionsKept?: number;
  /** Most bytes of the file. Default 2 GiB, etcd's own. */
  readonly bytesMax?: number;
  /** Told when an expired lease could not be ended; that is tried again every second. */
  readonly onError?: (error: unknown) => void;
}

/** @throws {StoreError} when the file can't be used: locked, damaged, not ours, too new. */
export function createEmbeddedStore(options: EmbeddedStoreOptions): Store {
  return new EmbeddedStore(options);
}

/** Rows removed in one go. More than one transaction leaves behind, so that removal keeps pace. */
const forgetRowsMax = 4 * storeLimits.transactionWritesMax;

/** Batches replayed to one watcher before others get their turn. */
const replayBatchesMax = 256;

/**
 * A Store in one SQLite file, for one process at a time.
 *
 * - A write is acknowledged when it is on disk. Calls run in the order they were made.
 * - Watchers own no queue: each reads its next batch from the tables when it is asked for one, so a
 *   slow one costs nothing, and one that falls more than `revisionsKept` behind gets CompactedError.
 * - Old revisions are forgotten a few rows with every write, so no write waits for a compaction. A
 *   write that finds no room forgets all of the past at once and tries again.
 * - Leases are kept in the file, their terms in memory: after a restart each has its full term.
 */
class EmbeddedStore implements Store {
  readonly #options: Required<EmbeddedStoreOptions>;
  readonly #database: BoundedDatabase;
  readonly #log: ChangeLog;
  readonly #terms: LeaseTerms;
  readonly #commits = new Wakeup();
  #revision: number;
  #compacted: number;

  constructor(options: EmbeddedStoreOptions) {
    const defaults = { revisionsKept: 10_000, bytesMax: 2 * 1024 ** 3, onError: () => {} };
    this.#options = { ...defaults, ...options };
    assertInteger("revisionsKept", this.#options.revisionsKept, 1);
    assertInteger("bytesMax", this.#options.bytesMax, 65_536);
    this.#database = new BoundedDatabase(this.#options);
    this.#log = new ChangeLog(this.#database);
    const { revision, compacted } = this.#log.readState();
    this.#revision = revision;
    this.#compacted = compacted;
    this.#terms = new LeaseTerms({
      ...this.#options,
      expire: (id) => this.#database.use(() => this.#endLease(id)),
    });
    this.#resumeLeases();
  }

  async get(key: string, options: ReadOptions = {}): Promise<Read<Entry | undefined>> {
    assertKey(key);
    return this.#database.use(() => {
      const revision = this.#readable(options.revision);
      return { value: this.#log.get(key, revision), revision };
    });
  }

  async list(
    prefix: string,
    options: ListOptions = {},
  ): Promise<Read<readonly Entry[]> & { more: boolean }> {
    assertPrefix(prefix);
    const { limit = storeLimits.listEntriesMax, after } = options;
    assertListLimit(limit);
    return this.#database.use(() => {
      const revision = this.#readable(options.revision);
      const found = this.#log.list({ prefix, after, revision, limit: limit + 1 });
      return { value: found.slice(0, limit), revision, more: found.length > limit };
    });
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    assertTransaction(transaction);
    return this.#database.use(() => {
      const conflicts = (transaction.compare ?? []).filter((compare) => !this.#holds(compare));
      if (conflicts.length > 0) {
        const keys = [...new Set(conflicts.map(({ key }) => key))];
        return { ok: false, revision: this.#revision, conflicts: keys };
      }
      for (const write of transaction.writes) this.#assertLease(write);
      this.#write(transaction.writes);
      return { ok: true, revision: this.#revision };
    });
  }

  async *watch(prefix: string, { from, signal }: WatchOptions): AsyncIterable<WatchBatch> {
    assertPrefix(prefix);
    assertInteger("from", from, 1);
    for (let next = from, replayed = 0; !signal.aborted; ) {
      const batch = this.#database.use(() => this.#nextBatch(prefix, next));
      if (batch) {
        next = batch.revision + 1;
        yield batch;
        replayed += 1;
        if (replayed % replayBatchesMax === 0) await setImmediate();
      } else {
        next = Math.max(next, this.#revision + 1);
        await this.#commits.wait(signal);
      }
    }
  }

  async grantLease(ttlMs: number): Promise<StoreLease> {
    if (!(ttlMs > 0 && Number.isFinite(ttlMs))) {
      throw new RangeError(`ttlMs must be a positive number, got ${ttlMs}`);
    }
    return this.#database.use(() => {
      const insert = "INSERT INTO leases (ttl_ms) VALUES (?)";
      const { lastInsertRowid } = this.#atomically(() => this.#database.prepare(insert).run(ttlMs));
      const id = Number(lastInsertRowid);
      this.#terms.start(id, ttlMs);
      return {
        id: String(id),
        ttlMs,
        keepAlive: async () => this.#database.use(() => this.#terms.renew(id)),
        revoke: async () => this.#database.use(() => this.#revoke(id)),
      };
    });
  }

  async compact(revision: number): Promise<void> {
    this.#database.use(() => this.#assertNotFuture(revision));
    if (revision <= this.#compacted) return;
    this.#database.use(() => this.#atomically(() => this.#moveState(this.#revision, revision)));
    while (this.#database.use(() => this.#forgetSome()) === forgetRowsMax) await setImmediate();
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#terms.close();
    this.#database.close();
    this.#commits.notify();
  }

  #readable(revision = this.#revision): number {
    this.#assertNotFuture(revision);
    if (revision < this.#compacted) throw new CompactedError(this.#compacted);
    return revision;
  }

  #assertNotFuture(revision: number): void {
    assertInteger("revision", revision, 1);
    if (revision > this.#revision) {
      throw new RangeError(`revision ${revision} is in the future, now is ${this.#revision}`);
    }
  }

  #holds({ key, revision, target = "revision" }: Compare): boolean {
    return (this.#log.get(key, this.#revision)?.[target] ?? 0) === revision;
  }

  #assertLease(write: Write): void {
    if (write.type === "delete" || !write.lease) return;
    if (this.#terms.has(Number(write.lease.id))) return;
    const message = `the lease of "${write.key}" has ended; grant a new one`;
    throw new StoreError("lease_gone", message);
  }

  #nextBatch(prefix: string, from: number): WatchBatch | undefined {
    // What was deleted at the compacted revision itself is gone too.
    if (from <= this.#compacted) throw new CompactedError(this.#compacted);
    return this.#log.nextBatch(prefix, from);
  }

  #revoke(id: number): void {
    this.#endLease(id);
    this.#terms.end(id);
  }

  /** Delete a lease and its keys, in one revision. */
  #endLease(id: number): void {
    const keys = this.#log.keysOfLease(id);
    const writes = keys.map((key): Write => ({ type: "delete", key }));
    this.#write(writes, () => this.#database.prepare("DELETE FROM leases WHERE id = ?").run(id));
  }

  #resumeLeases(): void {
    const rows = this.#database.prepare("SELECT id, ttl_ms FROM leases").all();
    for (const row of rows) this.#terms.start(Number(row["id"]), Number(row["ttl_ms"]));
  }

  /** Write all in the next revision, if they change anything. */
  #write(writes: readonly Write[], alongside: () => void = () => {}): void {
    const before = this.#revision;
    this.#withRoom(writes, () => {
      const revision = this.#revision + 1;
      const changed = writes.filter((write) => this.#log.write(write, revision)).length > 0;
      alongside();
      if (!changed) return;
      const oldest = revision - this.#options.revisionsKept;
      this.#moveState(revision, Math.max(this.#compacted, oldest));
      this.#forgetSome();
    });
    if (this.#revision > before) this.#commits.notify();
  }

  /** Do it; where there is no room, do it again with room made of the past. */
  #withRoom(writes: readonly Write[], work: () => void): void {
    try {
      this.#atomically(work);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#database.withReserve(() => this.#forgetPast());
      // Deletes may use the reserve, so that a full store can be emptied.
      const onlyDeletes = writes.every(({ type }) => type === "delete");
      if (onlyDeletes) this.#database.withReserve(() => this.#atomically(work));
      else this.#atomically(work);
    }
  }

  #forgetPast(): void {
    this.#atomically(() => this.#moveState(this.#revision, this.#revision));
    while (this.#atomically(() => this.#forgetSome()) === forgetRowsMax);
  }

  #forgetSome(): number {
    return this.#log.forget(this.#compacted, forgetRowsMax);
  }

  /** Only within #atomically(), which takes it back should the transaction fail. */
  #moveState(revision: number, compacted: number): void {
    this.#log.writeState({ revision, compacted });
    this.#revision = revision;
    this.#compacted = compacted;
  }

  #atomically<T>(work: () => T): T {
    const [revision, compacted] = [this.#revision, this.#compacted];
    try {
      return this.#database.atomically(work);
    } catch (error) {
      this.#revision = revision;
      this.#compacted = compacted;
      throw error;
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof StoreError && error.code === "full";
}
