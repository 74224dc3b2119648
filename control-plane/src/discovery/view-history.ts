import { SnapshotHistory } from "./snapshot-history.ts";

export interface ViewState {
  /** Counts the states of the view. Not a version: several states may have the same one. */
  readonly sequence: number;
  /** What nodes are told. Never goes back. */
  readonly version: number;
  readonly stateHash: bigint;
}

/** The states that the view of one build has gone through lately, and what changed between them. */
export class ViewHistory {
  readonly #history = new SnapshotHistory();
  /** By version and hash: what a node says of itself when it comes back. Oldest first. */
  readonly #sequences = new Map<string, number>();
  #newest: ViewState;

  constructor(version: number, stateHash: bigint) {
    this.#newest = { sequence: 1, version, stateHash };
    this.#history.restart(1, stateHash);
    this.#sequences.set(identity(version, stateHash), 1);
  }

  get newest(): ViewState {
    return this.#newest;
  }

  append(
    state: Omit<ViewState, "sequence">,
    { ids, nowMs }: { readonly ids: readonly string[]; readonly nowMs: number },
  ): void {
    const version = Math.max(state.version, this.#newest.version);
    const sequence = this.#newest.sequence + 1;
    this.#newest = { sequence, version, stateHash: state.stateHash };
    this.#history.append({ version: sequence, atMs: nowMs, ids, stateHash: state.stateHash });
    const key = identity(version, state.stateHash);
    this.#sequences.delete(key); // To the end: the map is in the order of sequences.
    this.#sequences.set(key, sequence);
    this.#forgetTrimmed();
  }

  keeps(sequence: number): boolean {
    return this.#history.keeps(sequence);
  }

  /**
   * The state that a node has. One of an earlier version has the newest state, if that is all the same:
   * a replica that has just begun knows no earlier version, and most of those that nodes come with are it.
   */
  find(version: number, stateHash: bigint): number | undefined {
    const exact = this.#sequences.get(identity(version, stateHash));
    if (exact !== undefined) return exact;
    const { newest } = this;
    const isSame = version > 0 && version < newest.version && stateHash === newest.stateHash;
    return isSame ? newest.sequence : undefined;
  }

  /** Of a sequence that is kept. */
  changedSince(sequence: number): ReadonlySet<string> {
    return this.#history.changedSince(sequence);
  }

  #forgetTrimmed(): void {
    for (const [key, sequence] of this.#sequences) {
      if (this.#history.keeps(sequence)) return;
      this.#sequences.delete(key);
    }
  }
}

function identity(version: number, stateHash: bigint): string {
  return `${version}/${stateHash}`;
}
