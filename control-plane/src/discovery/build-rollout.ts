import {
  BuildView,
  type Held,
  type Position,
  type Refusal,
  type Refused,
  type Trial,
} from "./build-view.ts";
import type { Delta } from "./delta.ts";
import {
  type Candidate,
  idleRollout,
  nextRollout,
  type Rollout,
  type RolloutEvent,
  type RolloutTimes,
} from "./rollout.ts";
import type { AppliedChange, SnapshotCache } from "./snapshot-cache.ts";

/** A connected node, as the rollout of its build knows it. */
export interface Member {
  readonly id: string;
  /** Look again: there may be something for it. */
  readonly wake: () => void;
}

export interface BuildRolloutEvents {
  readonly onHeld: (held: readonly Held[]) => void;
  /** Approved without proof, refused as a whole, or resting since canaries were lost. */
  readonly onTrouble: (trouble: RolloutTrouble) => void;
}

export type RolloutTrouble = "canaries_late" | "canaries_lost" | "refused_whole";

interface MemberState {
  readonly member: Member;
  /** In use at the node, as it said last. */
  version: number;
  position: Position | undefined;
  /** Said in its hello; to be located when the cache is as new as that. */
  claim:
    | { readonly version: number; readonly stateHash: bigint; readonly untilMs: number }
    | undefined;
  inFlight:
    | { readonly delta: Delta; readonly sequence: number; readonly trial?: Trial }
    | undefined;
  hasBeenServed: boolean;
  /** It has got something large: see flushBytesMin. */
  wantsFlush: boolean;
  /** It has accepted a trial: until the view moves on, it is not taken back. */
  isAhead: boolean;
  /** The state that it refused, and so does not get again. */
  refusedSequence: number;
  isSlow: boolean;
}

const nothingHeld: Refused = { held: [], isChanged: false };

/**
 * The stages of a stream (Connect's, and ours) each hold on to the last message until the next comes:
 * after a snapshot that is twice its size, for every node and for hours. So behind a large delta
 * goes an empty one.
 */
const flushBytesMin = 64 * 1024;

/** How long a replica that is behind a node may take to catch up with the store. */
const catchUpMs = 5_000;

/**
 * All nodes of one build on this replica: who is sent what, and when. Does no I/O: sessions ask
 * whether something is due, take it, and report the answer.
 */
export class BuildRollout {
  readonly view: BuildView;
  readonly #cache: SnapshotCache;
  readonly #events: BuildRolloutEvents;
  readonly #times: RolloutTimes;
  readonly #members = new Map<string, MemberState>();
  /** Those that were ahead of the cache when they joined. */
  readonly #claiming = new Set<string>();
  #rollout: Rollout = idleRollout;

  constructor(options: {
    readonly cache: SnapshotCache;
    readonly times: RolloutTimes;
    readonly events: BuildRolloutEvents;
  }) {
    this.#cache = options.cache;
    this.#times = options.times;
    this.#events = options.events;
    this.view = new BuildView(options.cache);
  }

  get size(): number {
    return this.#members.size;
  }

  get phase(): Rollout["phase"] {
    return this.#rollout.phase;
  }

  join(member: Member, claim: { version: number; stateHash: bigint }, nowMs: number): void {
    this.#members.set(member.id, {
      member,
      version: 0,
      position: undefined,
      claim: claim.version > 0 ? { ...claim, untilMs: nowMs + catchUpMs } : undefined,
      inFlight: undefined,
      hasBeenServed: false,
      wantsFlush: false,
      isAhead: false,
      refusedSequence: 0,
      isSlow: false,
    });
    this.#locate(member.id, nowMs);
    this.look(nowMs);
  }

  leave(id: string, nowMs: number): void {
    this.#members.delete(id);
    this.#claiming.delete(id);
    this.look(nowMs);
  }

  /** The version the node is known to have; 0 if it has nothing that can be built on. */
  versionOf(id: string): number {
    return this.#members.get(id)?.version ?? 0;
  }

  onApplied(changes: readonly AppliedChange[], nowMs: number): void {
    const { sequence } = this.view.state;
    this.view.onApplied(changes, nowMs);
    if (this.view.state.sequence !== sequence) this.#wakeAll();
  }

  /** Something may have changed: publishing, the time, who is here. */
  look(nowMs: number): void {
    for (const id of this.#claiming) this.#members.get(id)?.member.wake();
    this.#play({ type: "look" }, nowMs);
  }

  /** Is there something to send to this node now? */
  isDue(id: string, nowMs: number): boolean {
    const state = this.#members.get(id);
    if (!state || state.inFlight) return false;
    if (state.claim) this.#locate(id, nowMs);
    if (state.claim) return false;
    return this.#isCanary(id) || this.#isViewDue(state);
  }

  /** About the size of what is due. 0 for a canary: there are few. */
  bytesDue(id: string): number {
    const state = this.#members.get(id);
    if (!state || this.#isCanary(id)) return 0;
    return this.view.delta(state.position, state.version).bytes;
  }

  /** How long to wait at most before asking again. */
  waitUntilMs(id: string): number {
    return this.#members.get(id)?.claim?.untilMs ?? Number.POSITIVE_INFINITY;
  }

  /** What is due. It counts as in flight from now on. */
  take(id: string): Delta {
    const state = this.#members.get(id);
    if (!state) throw new Error("unreachable: only members ask");
    const { version, position } = state;
    const trial = this.#isCanary(id) ? this.view.startTrial() : undefined;
    const delta = trial
      ? this.view.trialDelta(trial, position, version)
      : this.view.delta(position, version);
    state.inFlight = { delta, sequence: this.view.state.sequence, ...(trial && { trial }) };
    state.hasBeenServed = true;
    state.wantsFlush = false;
    return delta;
  }

  acked(id: string, nowMs: number): void {
    const state = this.#members.get(id);
    if (!state?.inFlight) return;
    const { delta, sequence, trial } = state.inFlight;
    state.inFlight = undefined;
    state.version = delta.version;
    state.isAhead = trial !== undefined;
    state.wantsFlush = delta.bytes >= flushBytesMin;
    if (!trial) {
      state.position = this.view.accepted(sequence);
      return;
    }
    state.position = { sequence: trial.sequence, differs: trial.news };
    // Also of a canary that was late: an answer is an answer.
    this.#play({ type: trial === this.view.trial ? "acked" : "look" }, nowMs);
  }

  /** `isDiverged`: the node has not what we think; nothing is wrong with what was sent. */
  nacked(
    id: string,
    nack: { readonly refusals: readonly Refusal[]; readonly isDiverged: boolean },
    nowMs: number,
  ): void {
    const state = this.#members.get(id);
    if (!state?.inFlight) return;
    const { delta, sequence, trial } = state.inFlight;
    state.inFlight = undefined;
    state.refusedSequence = sequence;
    const before = this.view.state.sequence;
    const { held, isChanged } = nack.isDiverged
      ? nothingHeld
      : this.view.refuse(delta, nack.refusals, nowMs);
    if (held.length > 0) this.#events.onHeld(held);
    if (this.view.state.sequence !== before) this.#wakeAll();
    // One that has diverged ends its stream, and then counts as lost.
    if (!trial || trial !== this.view.trial || nack.isDiverged) return this.look(nowMs);
    this.view.giveUpTrial();
    const { version } = trial;
    this.#play({ type: "refused", heldAny: isChanged, version }, nowMs);
  }

  /** Another replica has held this back. True if it was news. */
  hold(held: Held, nowMs: number): boolean {
    const { sequence } = this.view.state;
    if (!this.view.hold(held, nowMs)) return false;
    if (this.view.state.sequence !== sequence) this.#wakeAll();
    this.look(nowMs);
    return true;
  }

  #isCanary(id: string): boolean {
    return this.#rollout.phase === "trying" && this.#rollout.canary === id;
  }

  #isViewDue(state: MemberState): boolean {
    const { view } = this;
    if (!view.isOpen) return false;
    const { sequence, version } = view.state;
    // Another replica has approved for it what is pending here: that is not taken back.
    if (version < state.version && view.isOnlyBehind(state.position)) return false;
    if (!state.hasBeenServed) return true;
    if (state.refusedSequence === sequence) return false;
    const { position, isAhead, wantsFlush } = state;
    if (wantsFlush && !isAhead) return true;
    if (isAhead) return position?.sequence !== sequence;
    return position?.sequence !== sequence || position.differs.size > 0;
  }

  /** What a node that came back has, once the cache is as new as the node. */
  #locate(id: string, nowMs: number): void {
    const state = this.#members.get(id);
    const claim = state?.claim;
    if (!state || !claim) return;
    this.#claiming.add(id);
    if (claim.version > this.#cache.version && nowMs < claim.untilMs) return;
    this.#claiming.delete(id);
    state.claim = undefined;
    state.position = this.view.resume(claim.version, claim.stateHash);
    if (state.position === undefined) return;
    state.version = claim.version;
    if (!this.view.hasNews || !this.view.isNewest(claim.stateHash)) return;
    // Nodes of its build have accepted all of it on another replica: no need to try it again.
    const trial = this.view.startTrial();
    state.position = { sequence: trial.sequence, differs: trial.news };
    this.#approve(trial, true, nowMs);
  }

  #play(event: RolloutEvent, nowMs: number): void {
    const { view } = this;
    if (view.hasNews && !view.hasPending) this.#approve(view.startTrial(), false, nowMs);
    const before = this.#rollout;
    const { state, effect } = nextRollout(before, event, {
      nowMs,
      publishedVersion: this.#cache.publishedVersion,
      hasNews: view.hasNews,
      candidates: () => this.#candidates(),
      isConnected: (id) => this.#members.has(id),
      times: this.#times,
    });
    if (before.phase === "trying" && effect.type === "try") this.#noteSlow(before.canary);
    this.#rollout = state;
    if (effect.type === "try") this.#members.get(effect.canary)?.member.wake();
    if (effect.type === "rest") this.#events.onTrouble("canaries_lost");
    if (effect.type === "refuse") this.#events.onTrouble("refused_whole");
    if (effect.type !== "approve") return;
    if (!effect.isProven) this.#events.onTrouble("canaries_late");
    const trial = effect.isProven ? view.trial : undefined;
    this.#approve(trial ?? view.startTrial(), effect.isProven, nowMs);
    this.look(nowMs);
  }

  /** All get what the trial has. Who has it already, has nothing to be sent. */
  #approve(trial: Trial, isProven: boolean, nowMs: number): void {
    const position = this.view.approve(trial, { isProven, nowMs });
    for (const state of this.#members.values()) {
      if (state.position?.differs === trial.news) {
        state.position = position;
        state.isAhead = false;
      }
      state.member.wake();
    }
  }

  #noteSlow(canary: string): void {
    const state = this.#members.get(canary);
    if (state) state.isSlow = state.inFlight !== undefined;
  }

  #wakeAll(): void {
    for (const { member } of this.#members.values()) member.wake();
  }

  *#candidates(): Generator<Candidate> {
    for (const [id, { inFlight, isSlow, claim }] of this.#members) {
      yield { id, isSettled: inFlight === undefined && claim === undefined, isSlow };
    }
  }
}
