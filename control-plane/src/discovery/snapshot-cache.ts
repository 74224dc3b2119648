import { type ResourceChange, type SnapshotEntry, SnapshotHistory } from "./snapshot-history.ts";

/** What a node needs to get from one version to the newest. */
export interface Delta {
  /** 0: a full snapshot. */
  readonly fromVersion: number;
  readonly version: number;
  readonly stateHash: bigint;
  readonly upserts: readonly SnapshotEntry[];
  readonly removed: readonly { readonly kind: string; readonly name: string }[];
}

/** Deltas remembered, so that nodes at the same version share one. */
const deltasKeptMax = 64;

/**
 * The newest snapshot, in memory, with enough history to bring nodes up to it from a recent
 * version. Pure bookkeeping: SnapshotFeed fills it, sessions read it.
 *
 * `version` is the newest there is, `publishedVersion` the newest that nodes were woken for;
 * in between, changes gather (see Debouncer).
 */
export class SnapshotCache {
  readonly #entries = new Map<string, SnapshotEntry>();
  readonly #deltas = new Map<number, Delta>();
  readonly #history = new SnapshotHistory();
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

  entries(): Iterable<SnapshotEntry> {
    return this.#entries.values();
  }

  publish(): void {
    this.#publishedVersion = this.version;
  }

  /** All of the changes of one revision. True if one of them can't wait (see isUrgent()). */
  apply(version: number, changes: readonly ResourceChange[], nowMs: number): boolean {
    const urgent = changes.some((change) => isUrgent(this.#entries.get(change.id), change.entry));
    for (const { id, entry } of changes) this.#put(id, entry);
    this.#history.append({
      version,
      atMs: nowMs,
      ids: changes.map((change) => change.id),
      stateHash: this.#stateHash,
    });
    this.#deltas.clear();
    return urgent;
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
    if (goesBack) this.#publishedVersion = version;
    return urgent;
  }

  /** Can a node with this version, and this content, be served a delta? */
  canResume(version: number, stateHash: bigint): boolean {
    return this.#history.keeps(version) && this.#history.stateHashAt(version) === stateHash;
  }

  /** Is everything that changed since this version still known? */
  keeps(version: number): boolean {
    return this.#history.keeps(version);
  }

  /** From `fromVersion` to the newest; full if the changes since are no longer known. */
  deltaFrom(fromVersion: number): Delta {
    const from = this.#history.keeps(fromVersion) ? fromVersion : 0;
    const known = this.#deltas.get(from);
    if (known) return known;
    const delta = from === 0 ? this.#full() : this.#since(from);
    if (this.#deltas.size >= deltasKeptMax) this.#deltas.clear();
    this.#deltas.set(from, delta);
    return delta;
  }

  #put(id: string, entry: SnapshotEntry | undefined): void {
    this.#stateHash ^= this.#entries.get(id)?.hash ?? 0n;
    if (entry) {
      this.#stateHash ^= entry.hash;
      this.#entries.set(id, entry);
    } else {
      this.#entries.delete(id);
    }
  }

  #full(): Delta {
    const { version, stateHash } = this;
    return {
      fromVersion: 0,
      version,
      stateHash,
      upserts: [...this.#entries.values()],
      removed: [],
    };
  }

  #since(fromVersion: number): Delta {
    const upserts: SnapshotEntry[] = [];
    const removed: { kind: string; name: string }[] = [];
    for (const id of this.#history.changedSince(fromVersion)) {
      const entry = this.#entries.get(id);
      if (entry) upserts.push(entry);
      else removed.push(nameFromId(id));
    }
    const { version, stateHash } = this;
    return { fromVersion, version, stateHash, upserts, removed };
  }
}

/** A key was revoked, deleted or rotated: whoever has its secret must be refused now. */
function isUrgent(before: SnapshotEntry | undefined, after: SnapshotEntry | undefined): boolean {
  return before?.admits !== undefined && before.admits !== after?.admits;
}

function nameFromId(id: string): { kind: string; name: string } {
  const slash = id.indexOf("/");
  return { kind: id.slice(0, slash), name: id.slice(slash + 1) };
}
