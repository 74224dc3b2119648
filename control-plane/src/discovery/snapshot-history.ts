import type { UnknownField } from "@bufbuild/protobuf";

/** One resource in the snapshot, ready to be sent. */
export interface SnapshotEntry {
  readonly kind: string;
  readonly name: string;
  readonly revision: number;
  /** Its part of the state hash. */
  readonly hash: bigint;
  /** As a field of a StreamSnapshotsResponse: encoded once, sent to every node. */
  readonly field: UnknownField;
  /** For a key that is in force: the hash of its secret. */
  readonly admits?: string;
  /** For a key of a team: the id of the team, which nodes must know first. */
  readonly needs?: string;
}

/** `entry` undefined: it is gone. */
export interface ResourceChange {
  /** `kind/name`. */
  readonly id: string;
  readonly entry: SnapshotEntry | undefined;
}

interface HistoryBatch {
  readonly version: number;
  readonly atMs: number;
  readonly ids: readonly string[];
  /** Of the whole snapshot, this batch included. */
  readonly stateHash: bigint;
}

/** Beyond any of these a node that was away gets a full snapshot. The ids bound the memory. */
const batchesMax = 10_000;
const ageMaxMs = 10 * 60_000;
const idsMax = 200_000;

/**
 * What changed at which version, for the recent past. Any version from `floor` on can be
 * resumed from, also one that is no batch of ours (another replica's listing, for example).
 */
export class SnapshotHistory {
  #floor = { version: 0, stateHash: 0n };
  #batches: HistoryBatch[] = [];
  #idCount = 0;

  get version(): number {
    return this.#batches.at(-1)?.version ?? this.#floor.version;
  }

  append(batch: HistoryBatch): void {
    this.#batches.push(batch);
    this.#idCount += batch.ids.length;
    this.#trim(batch.atMs);
  }

  /** Forget everything before `version`. */
  restart(version: number, stateHash: bigint): void {
    this.#floor = { version, stateHash };
    this.#batches = [];
    this.#idCount = 0;
  }

  keeps(version: number): boolean {
    return version > 0 && version >= this.#floor.version && version <= this.version;
  }

  /** The hash of the snapshot that was in force at a version that is kept. */
  stateHashAt(version: number): bigint {
    const after = this.#firstAfter(version);
    return after === 0 ? this.#floor.stateHash : (this.#batches[after - 1]?.stateHash ?? 0n);
  }

  changedSince(version: number): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const batch of this.#batches.slice(this.#firstAfter(version))) {
      for (const id of batch.ids) ids.add(id);
    }
    return ids;
  }

  /** Index of the first batch behind `version`, by bisection. */
  #firstAfter(version: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#batches[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Drop the oldest. What was known up to the last one dropped becomes the floor. */
  #trim(nowMs: number): void {
    let drop = 0;
    let ids = this.#idCount;
    for (const batch of this.#batches) {
      const left = this.#batches.length - drop;
      if (left <= batchesMax && ids <= idsMax && nowMs - batch.atMs <= ageMaxMs) break;
      ids -= batch.ids.length;
      drop += 1;
    }
    const last = this.#batches[drop - 1];
    if (!last) return;
    this.#floor = { version: last.version, stateHash: last.stateHash };
    this.#batches.splice(0, drop);
    this.#idCount = ids;
  }
}
