import { contentsOf, type Delta, nameFromId } from "./delta.ts";
import type { AppliedChange, SnapshotCache } from "./snapshot-cache.ts";
import type { SnapshotEntry } from "./snapshot-history.ts";
import { ViewHistory, type ViewState } from "./view-history.ts";

/** What a node has: the view at a sequence, but for these resources. */
export interface Position {
  readonly sequence: number;
  readonly differs: Differences;
}

/** What a node has of a resource instead; "unknown" if it may be anything. */
export type Differences = ReadonlyMap<string, SnapshotEntry | undefined | "unknown">;

/** A resource that nodes of the build are not served in its newest revision, since one refused it. */
export interface Held {
  readonly kind: string;
  readonly name: string;
  /** The one that was refused; 0: its removal. */
  readonly revision: number;
  readonly message: string;
}

export interface Refusal {
  readonly kind: string;
  readonly name: string;
  readonly message: string;
}

/** What one canary was sent, until it is approved or given up. */
export interface Trial {
  readonly version: number;
  readonly stateHash: bigint;
  /** Of the view when the trial began. */
  readonly sequence: number;
  /** What it has and the view had not. */
  readonly news: Differences;
  /** The differences of its content from the cache: what `served` becomes once it is approved. */
  readonly next: Map<string, SnapshotEntry | undefined>;
  /** What has changed otherwise in the view meanwhile. */
  readonly touched: Set<string>;
}

export interface Refused {
  /** What was not held back before. */
  readonly held: readonly Held[];
  /** Would something else be sent now? If not, only the next change can mend it. */
  readonly isChanged: boolean;
}

type Entry = SnapshotEntry | undefined;

/** Beyond this many the build is frozen: nothing that can wait goes to it, until some are mended. */
export const heldMax = 1_000;
/** Earlier revisions kept, to go back to when what was approved without proof is refused. */
const previousMax = 10_000;
const deltasKeptMax = 64;
const none: Differences = new Map();

/**
 * What nodes of one build are served: the cache, but for the resources in `served`, which are
 * there in the revision that the build uses instead of the newest (undefined: absent). These are
 * - held: a node refused the newest revision. Until there is a newer one.
 * - pending: no canary has accepted it yet.
 *
 * What holds:
 * - The memory is proportional to the differences from the cache, not to the cache.
 * - A change that can't wait (see isUrgent()) is in the view at once, with the team its key needs.
 * - No secret is admitted that the newest revision of its key does not admit: what is held back
 *   of a rotated key is the key.
 * - What was approved by proof (a node's ACK) is only replaced, never taken back.
 *
 * Pure bookkeeping: who is a canary and when, decides rollout.ts.
 */
export class BuildView {
  readonly #cache: SnapshotCache;
  readonly #held = new Map<string, Held & { readonly sinceVersion: number }>();
  readonly #previous = new Map<string, Entry>();
  readonly #line: ViewHistory;
  readonly #deltas = new Map<Differences, Map<string, Delta>>();
  readonly #resumed = new Map<string, Position | undefined>();
  #served = new Map<string, Entry>();
  #trial: Trial | undefined;
  /** All changes up to this version of the cache are approved or held. */
  #approvedThrough: number;
  /** The newest state that a node has accepted. 0: none. */
  #provenSequence = 0;
  #isOpen = false;

  constructor(cache: SnapshotCache) {
    this.#cache = cache;
    this.#approvedThrough = cache.version;
    this.#line = new ViewHistory(cache.version, cache.stateHash);
  }

  /** The view as it is served. */
  get state(): ViewState {
    return this.#line.newest;
  }

  /** False until the first approval: before, only canaries are served. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The one that is open. */
  get trial(): Trial | undefined {
    return this.#trial;
  }

  get held(): readonly Held[] {
    return [...this.#held.values()];
  }

  get heldCount(): number {
    return this.#held.size;
  }

  /** Is there something published that is neither approved nor held? */
  get hasNews(): boolean {
    if (!this.#isOpen) return true;
    const { publishedVersion } = this.#cache;
    return publishedVersion > this.#approvedThrough;
  }

  /** Is what has been published something that nodes would notice? */
  get hasPending(): boolean {
    return !this.#isOpen || this.#served.size > this.#held.size;
  }

  onApplied(changes: readonly AppliedChange[], nowMs: number): void {
    this.#resumed.clear();
    const atOnce = new Set<string>();
    for (const { id, before, isUrgent } of changes) {
      this.#held.delete(id);
      if (!this.#served.has(id)) this.#served.set(id, before);
      const { next } = this.#trial ?? {};
      if (next && !next.has(id)) next.set(id, before);
      if (isUrgent) atOnce.add(id);
    }
    for (const id of [...atOnce]) {
      const team = this.#cache.entry(id)?.needs;
      if (team !== undefined && this.#served.has(team) && !this.#held.has(team)) atOnce.add(team);
    }
    if (atOnce.size > 0) this.#serveNewest(atOnce, nowMs);
  }

  /** What a node that is back has, judging by what it says. Undefined: nothing known. */
  resume(version: number, stateHash: bigint): Position | undefined {
    const key = `${version}/${stateHash}`;
    if (!this.#resumed.has(key)) {
      if (this.#resumed.size >= deltasKeptMax) this.#resumed.clear();
      this.#resumed.set(key, this.#locate(version, stateHash));
    }
    return this.#resumed.get(key);
  }

  /** Has a node with this content all that a canary would be sent? */
  isNewest(stateHash: bigint): boolean {
    return stateHash === this.#trialHash();
  }

  /** Has the node all that is in the view, or newer revisions that are pending here? */
  isOnlyBehind(position: Position | undefined): boolean {
    if (position?.sequence !== this.state.sequence) return false;
    return [...position.differs.keys()].every((id) => this.#served.has(id));
  }

  /** From what a node has to the view; full if that is not known. */
  delta(position: Position | undefined, fromVersion: number): Delta {
    const known = this.#isKept(position) ? position : undefined;
    const differs = known?.differs ?? none;
    const key = known ? `${known.sequence}/${fromVersion}` : "full";
    const shared = this.#deltas.get(differs) ?? new Map<string, Delta>();
    let delta = shared.get(key);
    if (!delta) {
      const { state } = this;
      delta = this.#compose({ known, fromVersion, state, overlay: this.#served, news: none });
      if (this.#deltas.size >= deltasKeptMax || shared.size >= deltasKeptMax) this.#deltas.clear();
      this.#deltas.set(differs, shared);
      shared.set(key, delta);
    }
    return delta;
  }

  /** Begin to try all that is pending. A trial that was open is given up. */
  startTrial(): Trial {
    const { version } = this.#cache;
    const pending = [...this.#served.keys()].filter((id) => !this.#held.has(id));
    this.#trial = {
      version,
      stateHash: this.#trialHash(),
      sequence: this.state.sequence,
      news: new Map(pending.map((id) => [id, this.#cache.entry(id)])),
      next: this.#heldBack(),
      touched: new Set(),
    };
    return this.#trial;
  }

  /** For a canary. Call it right after startTrial(). */
  trialDelta(trial: Trial, position: Position | undefined, fromVersion: number): Delta {
    const known = this.#isKept(position) ? position : undefined;
    const { next: overlay, news } = trial;
    return this.#compose({ known, fromVersion, state: trial, overlay, news });
  }

  /** Serve what the trial has. `isProven`: a node has accepted it. Returns what that node has. */
  approve(trial: Trial, { isProven, nowMs }: { isProven: boolean; nowMs: number }): Position {
    if (this.#trial !== trial) return { sequence: trial.sequence, differs: trial.news };
    const ids = new Set([...this.#served.keys(), ...trial.next.keys()]);
    const before = this.#entriesOf(ids);
    this.#trial = undefined;
    this.#served = trial.next;
    this.#approvedThrough = Math.max(this.#approvedThrough, trial.version);
    const isWhole = trial.touched.size === 0;
    this.#append(before, { nowMs, isGood: true });
    this.#isOpen = true;
    if (isProven && isWhole) this.#provenSequence = this.state.sequence;
    return { sequence: this.state.sequence, differs: unknown(trial.touched) };
  }

  /** A node has accepted the view as it was at this sequence. */
  accepted(sequence: number): Position {
    this.#provenSequence = Math.max(this.#provenSequence, sequence);
    return { sequence, differs: none };
  }

  giveUpTrial(): void {
    this.#trial = undefined;
  }

  /**
   * Hold back what a node refused of a delta: what it named, or if that says nothing, all of it that
   * can wait and has something to go back to. Nothing, if that would be too much. What it refused of
   * earlier revisions that are served instead is replaced by still earlier ones.
   */
  refuse(delta: Delta, refusals: readonly Refusal[], nowMs: number): Refused {
    const contents = contentsOf(delta);
    const named = new Map<string, string>();
    for (const { kind, name, message } of refusals) {
      const id = `${kind}/${name}`;
      if (contents.has(id)) named.set(id, message);
    }
    const why = refusals[0]?.message ?? "";
    const suspects = named.size > 0 ? [...named.keys()] : [...contents.keys()];
    const stale = suspects.filter((id) => this.#canDemote(id, contents.get(id)));
    const holdable = suspects
      .filter((id) => contents.get(id) === this.#cache.entry(id))
      .filter((id) => this.#canHold(id, named.has(id)));
    if (this.#held.size + holdable.length > heldMax) return { held: [], isChanged: false };
    const before = this.#entriesOf([...holdable, ...stale]);
    const held = holdable.map((id) => this.#hold(id, named.get(id) ?? why));
    for (const id of stale) this.#demote(id, contents.get(id));
    if (before.size > 0) this.#append(before, { nowMs, isGood: false });
    const isChanged = suspects.some((id) => contents.get(id) !== this.#candidate(id));
    return { held, isChanged };
  }

  /** Another replica's nodes of the build refused this. True if it was news. */
  hold({ kind, name, revision, message }: Held, nowMs: number): boolean {
    const id = `${kind}/${name}`;
    const isNewest = (this.#cache.entry(id)?.revision ?? 0) === revision;
    if (!isNewest || this.#held.size >= heldMax || !this.#canHold(id, true)) return false;
    const before = this.#entriesOf([id]);
    this.#hold(id, message);
    this.#append(before, { nowMs, isGood: false });
    return true;
  }

  #isKept(position: Position | undefined): position is Position {
    return position !== undefined && this.#line.keeps(position.sequence);
  }

  #entry(id: string): Entry {
    return this.#served.has(id) ? this.#served.get(id) : this.#cache.entry(id);
  }

  /** Approve these in their newest revision, whatever else is pending. */
  #serveNewest(ids: ReadonlySet<string>, nowMs: number): void {
    const before = this.#entriesOf(ids);
    for (const id of ids) {
      this.#served.delete(id);
      this.#trial?.next.delete(id);
      this.#trial?.touched.add(id);
    }
    this.#append(before, { nowMs, isGood: true, isUrgent: true });
  }

  /** What a trial would have. */
  #candidate(id: string): Entry {
    return this.#held.has(id) ? this.#served.get(id) : this.#cache.entry(id);
  }

  #entriesOf(ids: Iterable<string>): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const id of ids) entries.set(id, this.#entry(id));
    return entries;
  }

  /** A new state, in which these are not what they were `before`. `isGood`: that may be gone back to. */
  #append(
    before: ReadonlyMap<string, Entry>,
    how: { readonly nowMs: number; readonly isGood: boolean; readonly isUrgent?: boolean },
  ): void {
    const { nowMs, isGood, isUrgent = false } = how;
    let { stateHash } = this.state;
    const ids: string[] = [];
    for (const [id, was] of before) {
      const is = this.#entry(id);
      // What is urgent may be at nodes that are ahead of the view, though the view never had it.
      if (is === was && !isUrgent) continue;
      stateHash ^= (was?.hash ?? 0n) ^ (is?.hash ?? 0n);
      ids.push(id);
      if (isGood && is !== was) this.#remember(id, was);
    }
    const isComplete = this.#served.size === this.#held.size;
    if (isComplete) this.#approvedThrough = this.#cache.version;
    const version = Math.max(this.#approvedThrough, this.state.version);
    this.#resumed.clear();
    if (ids.length === 0 && version === this.state.version) return;
    this.#line.append({ version, stateHash }, { ids, nowMs });
    this.#deltas.clear();
  }

  #remember(id: string, entry: Entry): void {
    this.#previous.delete(id);
    this.#previous.set(id, entry);
    if (this.#previous.size <= previousMax) return;
    const oldest = this.#previous.keys().next();
    if (!oldest.done) this.#previous.delete(oldest.value);
  }

  #canHold(id: string, isNamed: boolean): boolean {
    if (this.#held.has(id)) return false;
    if (this.#served.has(id)) return true;
    if (!this.#isUnproven(id)) return false;
    const newest = this.#cache.entry(id);
    const instead = this.#instead(id);
    // Without a name, absence must not become the answer: for what was urgent, or has no past here.
    if (!isNamed && instead === undefined) return false;
    return instead !== newest;
  }

  /** In the view, without a node that has accepted it. */
  #isUnproven(id: string): boolean {
    if (this.#provenSequence === 0 || !this.#line.keeps(this.#provenSequence)) return true;
    return this.#line.changedSince(this.#provenSequence).has(id);
  }

  /** What to serve instead of a resource that is in the view: its last revision, if that is safe. */
  #instead(id: string): Entry {
    const previous = this.#previous.get(id);
    const admits = previous?.admits;
    return admits === undefined || admits === this.#cache.entry(id)?.admits ? previous : undefined;
  }

  #hold(id: string, message: string): Held {
    if (!this.#served.has(id)) this.#served.set(id, this.#instead(id));
    if (!this.#trial?.next.has(id)) this.#replaceInTrial(id, this.#served.get(id));
    const revision = this.#cache.entry(id)?.revision ?? 0;
    const sinceVersion = revision || this.#cache.version;
    const held = { ...nameFromId(id), revision, message, sinceVersion };
    this.#held.set(id, held);
    return held;
  }

  /** Was this, which is served instead of the newest, put into the view without proof? */
  #canDemote(id: string, sent: Entry): boolean {
    return sent !== undefined && this.#served.get(id) === sent && this.#isUnproven(id);
  }

  #demote(id: string, refused: Entry): void {
    const older = this.#instead(id);
    const instead = older === refused ? undefined : older;
    this.#served.set(id, instead);
    if (this.#trial?.next.get(id) === refused) this.#replaceInTrial(id, instead);
  }

  #replaceInTrial(id: string, entry: Entry): void {
    this.#trial?.next.set(id, entry);
    this.#trial?.touched.add(id);
  }

  #heldBack(): Map<string, Entry> {
    return new Map([...this.#held.keys()].map((id) => [id, this.#served.get(id)]));
  }

  #trialHash(): bigint {
    return this.#cache.stateHash ^ this.#heldDifference(Number.POSITIVE_INFINITY);
  }

  /** By how much what is held back changes the state hash of the cache at a version. */
  #heldDifference(version: number): bigint {
    let difference = 0n;
    for (const [id, { sinceVersion }] of this.#held) {
      if (sinceVersion > version) continue;
      difference ^= (this.#cache.entry(id)?.hash ?? 0n) ^ (this.#served.get(id)?.hash ?? 0n);
    }
    return difference;
  }

  #locate(version: number, stateHash: bigint): Position | undefined {
    const sequence = this.#line.find(version, stateHash);
    if (sequence !== undefined) return { sequence, differs: none };
    const whole = this.#cache.stateHashAt(version);
    if (whole === undefined) return undefined;
    const isWhole = whole === stateHash;
    if (!isWhole && (whole ^ this.#heldDifference(version)) !== stateHash) return undefined;
    const changed = this.#cache.changedSince(version);
    const differs = unknown(changed);
    for (const id of this.#served.keys()) {
      if (changed.has(id)) continue;
      const hasHeld = !isWhole && (this.#held.get(id)?.sinceVersion ?? version + 1) <= version;
      differs.set(id, hasHeld ? this.#served.get(id) : this.#cache.entry(id));
    }
    return { sequence: this.state.sequence, differs };
  }

  #compose(parts: {
    /** Undefined: a full snapshot. */
    readonly known: Position | undefined;
    readonly fromVersion: number;
    readonly state: { readonly version: number; readonly stateHash: bigint };
    readonly overlay: ReadonlyMap<string, Entry>;
    /** What may differ from the view. */
    readonly news: Differences;
  }): Delta {
    const { known, overlay, news } = parts;
    const upserts: SnapshotEntry[] = [];
    const removed: { kind: string; name: string }[] = [];
    if (known) {
      for (const id of this.#changedFor(known, news)) {
        const entry = overlay.has(id) ? overlay.get(id) : this.#cache.entry(id);
        if (known.differs.has(id) && known.differs.get(id) === entry) continue;
        if (entry) upserts.push(entry);
        else removed.push(nameFromId(id));
      }
    } else {
      for (const [id, entry] of this.#cache.entries()) if (!overlay.has(id)) upserts.push(entry);
      for (const entry of overlay.values()) if (entry) upserts.push(entry);
    }
    const fromVersion = known ? parts.fromVersion : 0;
    // A node may come from another replica that was ahead; versions never go back.
    const version = Math.max(parts.state.version, fromVersion);
    const bytes = upserts.reduce((sum, { field }) => sum + field.data.length, removed.length * 32);
    return { fromVersion, version, stateHash: parts.state.stateHash, upserts, removed, bytes };
  }

  #changedFor({ sequence, differs }: Position, news: Differences): Set<string> {
    const ids = new Set(this.#line.changedSince(sequence));
    for (const id of differs.keys()) ids.add(id);
    for (const id of news.keys()) ids.add(id);
    return ids;
  }
}

function unknown(ids: Iterable<string>): Map<string, SnapshotEntry | undefined | "unknown"> {
  const differences = new Map<string, "unknown">();
  for (const id of ids) differences.set(id, "unknown");
  return differences;
}
