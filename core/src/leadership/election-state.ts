import type { Random } from "../random.ts";

/** What stays the same for one candidate in one election. */
export interface ElectionSettings {
  /** Unique to this run of this candidate: tells a key of our own from one of our predecessor's. */
  readonly instance: string;
  /** Term of the store's lease. */
  readonly ttlMs: number;
  /** How long before the lease can end we stop acting. Covers clocks that run at different speeds. */
  readonly marginMs: number;
  readonly random: Random;
}

/** Who put the leader's key. */
export interface Holder {
  readonly instance: string;
  /** Which claim of that instance. */
  readonly attempt: number;
  /** Revision that created the key: the fencing token of this tenure. */
  readonly epoch: number;
  /** For people. */
  readonly name: string;
  readonly address?: string | undefined;
}

/**
 * One candidate. Two things go on beside each other: looking at the leader's key (`view`), and
 * holding it or trying to (`tenure`). Times are of the candidate's own monotonic clock.
 */
export interface ElectionState {
  readonly running: boolean;
  readonly view: View;
  readonly tenure: Tenure;
}

/** What we know of the key. A read says how it is, a watch from there on how it changes. */
export interface View {
  readonly holder: Holder | undefined;
  /** Newest revision of the store that we know of. */
  readonly revision: number;
  /** The read under way. An answer below `floor` comes from a store that was replaced. */
  readonly reading: { readonly id: number; readonly floor: number } | undefined;
  readonly watchId: number | undefined;
  /** When to read next, at the latest: a watch may be silent because it is dead. */
  readonly readAtMs: number;
  /** In a row, of reads, watches and claims. */
  readonly failures: number;
  readonly nextId: number;
}

/**
 * ```
 *   none --claim--> claiming --won--> leading --fence passed, key or lease lost, stop--> none
 *    ^                 |  `--no answer--> doubtful --own key seen in time--> leading
 *    `---lost----------'                     `--otherwise: the lease is revoked--> none
 * ```
 */
export type Tenure =
  | { readonly type: "none"; readonly claimAtMs: number; readonly attempt: number }
  | { readonly type: "claiming"; readonly attempt: number; readonly sentMs: number }
  | { readonly type: "doubtful"; readonly attempt: number; readonly sentMs: number }
  | Leading;

export interface Leading {
  readonly type: "leading";
  readonly attempt: number;
  readonly epoch: number;
  /** When the newest request was sent that is known to have started the lease's term anew. */
  readonly keptMs: number;
  readonly keepAliveAtMs: number;
  readonly failures: number;
}

/** What happened. `id`, `attempt` and `sentMs` are those of the effect that is answered. */
export type ElectionEvent =
  | { readonly type: "start" | "stop" | "tick" }
  | ({ readonly type: "read-done" } & Observation)
  | ({ readonly type: "watch-changed" } & Observation)
  | { readonly type: "read-failed" | "watch-lost"; readonly id: number }
  | { readonly type: "claim-won"; readonly attempt: number; readonly revision: number }
  /** Failed may mean that it was done, and only the answer was lost. */
  | { readonly type: "claim-lost" | "claim-failed"; readonly attempt: number }
  | { readonly type: "keep-alive-done"; readonly attempt: number; readonly sentMs: number }
  | { readonly type: "keep-alive-failed" | "lease-gone"; readonly attempt: number }
  /** The store refused a write of this epoch, because the key is no longer ours. */
  | { readonly type: "refuted"; readonly epoch: number };

export interface Observation {
  readonly id: number;
  readonly revision: number;
  readonly holder: Holder | undefined;
}

/** What to do. Requests are sent at once, so that the time of the step is no later than theirs. */
export type ElectionEffect =
  | { readonly type: "read"; readonly id: number }
  /** Instead of the watch before, if any. */
  | { readonly type: "watch"; readonly id: number; readonly from: number }
  | { readonly type: "unwatch" }
  /** Grant a lease and put the key under it, if there is none. */
  | { readonly type: "claim"; readonly attempt: number }
  | { readonly type: "keep-alive"; readonly attempt: number; readonly sentMs: number }
  /** Revoke the lease of this attempt, which deletes its key. If it fails, it expires. */
  | { readonly type: "release"; readonly attempt: number }
  /** Delete the key, if it still has this epoch: one of our own that we gave up. */
  | { readonly type: "remove"; readonly epoch: number }
  | { readonly type: "elected"; readonly epoch: number }
  | { readonly type: "deposed"; readonly epoch: number; readonly reason: DepositionReason };

export type DepositionReason =
  | "stopped"
  | "not renewed in time"
  | "the lease is gone"
  | "the key is gone"
  | "another took the key"
  | "the store was replaced";

export interface Step {
  readonly state: ElectionState;
  readonly effects: readonly ElectionEffect[];
}
