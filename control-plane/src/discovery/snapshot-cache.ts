import { type ResourceChange, type SnapshotEntry, SnapshotHistory } from "./snapshot-history.ts";

/** One resource that has changed, as seen by whoever keeps views of the cache. */
export interface AppliedChange {
  readonly id: string;
  /** What the cache had before. */
  readonly before: SnapshotEntry | undefined;
  /** It can't wait for others, nor for a canary: see isUrgent(). */
  readonly isUrgent: boolean;
}

export interface CacheObserver {
  /** All changes of one revision, after the cache has them. */
  readonly onApplied: (changes: readonly AppliedChange[], nowMs: number) => void;
  /** The store is another one, or was restored: nothing known of before holds. */
  readonly onReplaced: () => void;
}

/**
 * The newest snapshot, in memory, with enough history to bring nodes up to it from a recent
 * version. Pure bookkeeping: SnapshotFeed fills it, the views of builds read it.
 *
 * `version` is the newest there is, `publishedVersion` the newest that nodes were woken for;
 * in between, changes gather (see Debouncer).
 */
export class SnapshotCache {
  readonly #entries = new Map<string, SnapshotEntry>();
  readonly #history = new SnapshotHistory();
  #observer: CacheObserver | undefined;
  #stateHash = 0n;
  #publishedVersion = 0;

  get version(): number {
    return this.#history.version;
  }

  get publishedVersion(): number {
    return this.#publishedVersion;
  }

  get stateHash(): bigint {
    return this.#stateHash;
  }

  get size(): number {
    return this.#entries.size;
  }

  entry(id: string): SnapshotEntry | undefined {
    return this.#entries.get(id);
  }

  entries(): Iterable<[string, SnapshotEntry]> {
    return this.#entries;
  }

  /** Tell this one of what changes from now on. There is one at most. */
  observe(observer: CacheObserver): void {
    this.#observer = observer;
  }

  publish(): void {
    this.#publishedVersion = this.version;
  }

  /** All of the changes of one revision. True if one of them can't wait (see isUrgent()). */
  apply(version: number, changes: readonly ResourceChange[], nowMs: number): boolean {
    const applied = changes.map(({ id, entry }) => this.#put(id, entry));
    this.#history.append({
      version,
      atMs: nowMs,
      ids: changes.map((change) => change.id),
      stateHash: this.#stateHash,
    });
    this.#observer?.onApplied(applied, nowMs);
    return applied.some((change) => change.isUrgent);
  }

  /**
   * A listing of everything as of `version`: the first, or one after changes were missed. What
   * differs becomes one change. A version before ours means that the store is another one (or
   * was restored), so that no history holds.
   */
  replaceAll(version: number, listed: ReadonlyMap<string, SnapshotEntry>, nowMs: number): boolean {
    const changes: ResourceChange[] = [];
    for (const [id, entry] of listed) {
      if (this.#entries.get(id)?.revision !== entry.revision) changes.push({ id, entry });
    }
    for (const id of this.#entries.keys()) {
      if (!listed.has(id)) changes.push({ id, entry: undefined });
    }
    const goesBack = version < this.version;
    const isFirst = this.version === 0;
    if (!goesBack && changes.length === 0 && !isFirst) return false;
    const urgent = this.apply(version, changes, nowMs);
    if (goesBack || isFirst) this.#history.restart(version, this.#stateHash);
    if (goesBack) {
      this.#publishedVersion = version;
      this.#observer?.onReplaced();
    }
    return urgent;
  }

  /** Can a node with this version, and this content, be served a delta? */
  canResume(version: number, stateHash: bigint): boolean {
    return this.stateHashAt(version) === stateHash;
  }

  /** Of the whole cache as it was at a version, if that is still known. */
  stateHashAt(version: number): bigint | undefined {
    return this.#history.keeps(version) ? this.#history.stateHashAt(version) : undefined;
  }

  /** What changed after a version whose state hash is known. */
  changedSince(version: number): ReadonlySet<string> {
    return this.#history.changedSince(version);
  }

  #put(id: string, entry: SnapshotEntry | undefined): AppliedChange {
    const before = this.#entries.get(id);
    this.#stateHash ^= (before?.hash ?? 0n) ^ (entry?.hash ?? 0n);
    if (entry) this.#entries.set(id, entry);
    else this.#entries.delete(id);
    return { id, before, isUrgent: isUrgent(before, entry) };
  }
}

/** A key was revoked, deleted or rotated: whoever has its secret must be refused now. */
function isUrgent(before: SnapshotEntry | undefined, after: SnapshotEntry | undefined): boolean {
  return before?.admits !== undefined && before.admits !== after?.admits;
}
