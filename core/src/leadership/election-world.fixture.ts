import { type Random, seededRandom } from "../random.ts";
import { electionDueMs, initialElection, isLeading, stepElection } from "./election.ts";
import type {
  ElectionEffect,
  ElectionEvent,
  ElectionSettings,
  ElectionState,
  Holder,
} from "./election-state.ts";

export interface Fault {
  readonly type:
    | "pause"
    | "cut"
    | "outage"
    | "slow"
    | "delete-key"
    | "extend-lease"
    | "restart"
    | "hand-over";
  readonly who: number;
  readonly atMs: number;
  readonly forMs: number;
}

export interface WorldOptions {
  readonly seed: number;
  /** Speed of each candidate's clock; true time and the store's run at 1. */
  readonly clockRates: readonly number[];
  readonly faults: readonly Fault[];
  /** Called after everything that happens. */
  readonly check: (world: ElectionWorld) => void;
}

interface Candidate {
  readonly index: number;
  readonly rate: number;
  /** Each start of the process is another instance. */
  settings: ElectionSettings;
  state: ElectionState;
  timer: number;
  released: number;
  readonly leases: Map<number, number>;
  watch: { id: number; nextIndex: number; lastMs: number; isDeaf: boolean } | undefined;
}

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export const ttlMs = 5_000;
export const marginMs = 1_000;
/** Longer than a request waits, shorter than a term, so that two in a row may be longer. */
const slowMaxMs = 3_500;
const happeningsMax = 100_000;

/**
 * Candidates with clocks of their own, a store, and a network that delays and loses, all in true
 * time. What candidates do is decided by the code under test alone.
 */
export class ElectionWorld {
  nowMs = 0;
  /** Epochs of the writes that the store accepted, in its order. */
  readonly acceptedEpochs: number[] = [];
  readonly electedEpochs: number[] = [];
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #candidates: Candidate[];
  #happenings: Happening[] = [];
  #order = 0;
  #revision = 1;
  #key: { holder: Holder; lease: number } | undefined;
  readonly #leaseEndsMs = new Map<number, number>();
  readonly #changes: { revision: number; holder: Holder | undefined }[] = [];
  #nextLease = 1;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#candidates = options.clockRates.map((rate, index) => ({
      index,
      rate,
      settings: this.#settings(`${index}`),
      state: initialElection,
      timer: 0,
      released: 0,
      leases: new Map(),
      watch: undefined,
    }));
    for (const candidate of this.#candidates) {
      this.#at(this.#random() * 1_000, () => this.#tell(candidate, { type: "start" }));
      this.#writeNowAndThen(candidate);
    }
    for (const fault of options.faults) this.#at(fault.atMs, () => this.#begin(fault));
  }

  /** How many believe that they may act, the paused ones included. */
  get leaders(): number {
    return this.#candidates.filter((candidate) => this.#leads(candidate)).length;
  }

  runUntil(untilMs: number): void {
    for (let count = 0; ; count++) {
      if (count > happeningsMax) throw new Error(`no end of it at ${this.nowMs} ms`);
      const next = this.#happenings.reduce<Happening | undefined>(sooner, undefined);
      if (!next || next.atMs > untilMs) break;
      this.#happenings = this.#happenings.filter((happening) => happening !== next);
      this.nowMs = next.atMs;
      this.#expireLeases();
      next.run();
      this.#options.check(this);
    }
    this.nowMs = untilMs;
  }

  #settings(instance: string): ElectionSettings {
    return { instance, ttlMs, marginMs, random: this.#random };
  }

  #leads({ state, settings, rate }: Candidate): boolean {
    return isLeading(state, settings, this.nowMs * rate);
  }

  #at(atMs: number, run: () => void): void {
    this.#order += 1;
    this.#happenings.push({ atMs, order: this.#order, run });
  }

  /** What comes while the process is paused happens when it goes on, in order. */
  #tell(candidate: Candidate, event: ElectionEvent): void {
    const pausedUntilMs = this.#faultUntil("pause", candidate.index);
    if (pausedUntilMs !== undefined) {
      this.#at(pausedUntilMs, () => this.#tell(candidate, event));
      return;
    }
    const { settings, rate } = candidate;
    const input = { state: candidate.state, event, nowMs: this.nowMs * rate };
    const { state, effects } = stepElection(settings, input);
    candidate.state = state;
    for (const effect of effects) this.#do(candidate, effect);
    const dueMs = electionDueMs(state, settings) / rate;
    candidate.timer += 1;
    const { timer } = candidate;
    if (dueMs === Infinity) return;
    this.#at(Math.max(this.nowMs, dueMs) + 0.001, () => {
      if (candidate.timer === timer) this.#tell(candidate, { type: "tick" });
    });
  }

  #do(candidate: Candidate, effect: ElectionEffect): void {
    switch (effect.type) {
      case "read": {
        const { id } = effect;
        const answer = () => ({ id, revision: this.#revision, holder: this.#key?.holder });
        this.#ask(candidate, { type: "read-failed", id }, () => ({
          type: "read-done",
          ...answer(),
        }));
        return;
      }
      case "watch":
        candidate.watch = {
          id: effect.id,
          nextIndex: this.#changes.filter(({ revision }) => revision < effect.from).length,
          lastMs: this.nowMs,
          isDeaf: false,
        };
        this.#feedWatch(candidate);
        return;
      case "unwatch":
        candidate.watch = undefined;
        return;
      case "claim":
        this.#claim(candidate, effect.attempt);
        return;
      case "keep-alive": {
        const { attempt, sentMs } = effect;
        this.#ask(candidate, { type: "keep-alive-failed", attempt }, () =>
          this.#renew(candidate.leases.get(attempt))
            ? { type: "keep-alive-done", attempt, sentMs }
            : { type: "lease-gone", attempt },
        );
        return;
      }
      case "release": {
        candidate.released = effect.attempt;
        const lease = candidate.leases.get(effect.attempt);
        if (lease !== undefined) {
          this.#ask(candidate, undefined, () => {
            this.#endLease(lease);
            return undefined;
          });
        }
        return;
      }
      case "remove":
        this.#ask(candidate, undefined, () => {
          if (this.#key?.holder.epoch === effect.epoch) this.#setKey(undefined);
          return undefined;
        });
        return;
      case "elected":
        this.electedEpochs.push(effect.epoch);
        return;
      case "deposed":
        return;
    }
  }

  /** Grant, then put; each may be lost, late, or done without an answer. */
  #claim(candidate: Candidate, attempt: number): void {
    const failed: ElectionEvent = { type: "claim-failed", attempt };
    const { settings } = candidate;
    this.#ask(candidate, failed, () => {
      const lease = this.#nextLease++;
      this.#leaseEndsMs.set(lease, this.nowMs + ttlMs);
      this.#at(this.nowMs + this.#delayMs(), () => {
        if (settings !== candidate.settings || attempt <= candidate.released) return;
        candidate.leases.set(attempt, lease);
        this.#ask(candidate, undefined, () => this.#put(settings.instance, { attempt, lease }));
      });
      return undefined;
    });
  }

  #put(instance: string, { attempt, lease }: { attempt: number; lease: number }): ElectionEvent {
    if (this.#key) return { type: "claim-lost", attempt };
    if (!this.#leaseEndsMs.has(lease)) return { type: "claim-failed", attempt };
    const epoch = this.#revision + 1;
    this.#setKey({ holder: { instance, attempt, epoch, name: instance }, lease });
    return { type: "claim-won", attempt, revision: epoch };
  }

  /** A request to the store: it may never arrive, or its answer may not, or late. */
  #ask(
    candidate: Candidate,
    failure: ElectionEvent | undefined,
    work: () => ElectionEvent | undefined,
  ): void {
    const { settings } = candidate;
    const tell = (event: ElectionEvent) => {
      if (settings === candidate.settings) this.#tell(candidate, event);
    };
    if (failure) this.#at(this.nowMs + ttlMs / 3 / candidate.rate, () => tell(failure));
    if (this.#isCut(candidate)) return;
    this.#at(this.nowMs + this.#delayMs(), () => {
      if (this.#faultUntil("outage") !== undefined) return;
      const answer = work();
      if (!answer || this.#isCut(candidate)) return;
      this.#at(this.nowMs + this.#delayMs(), () => tell(answer));
    });
  }

  #isCut({ index }: Candidate): boolean {
    return this.#faultUntil("cut", index) !== undefined;
  }

  /** All are slow together: one slow candidate alone just never wins. */
  #delayMs(): number {
    const isSlow = this.#faultUntil("slow") !== undefined;
    return this.#random() * (isSlow ? slowMaxMs : 20);
  }

  /** Check that we lead, and then act: the write may arrive much later. */
  #writeNowAndThen(candidate: Candidate): void {
    this.#at(this.nowMs + 50 + this.#random() * 400, () => {
      this.#writeNowAndThen(candidate);
      const { tenure } = candidate.state;
      const isPaused = this.#faultUntil("pause", candidate.index) !== undefined;
      if (isPaused || tenure.type !== "leading" || !this.#leads(candidate)) return;
      const { epoch } = tenure;
      this.#ask(candidate, undefined, () => {
        if (this.#key?.holder.epoch !== epoch) return { type: "refuted", epoch };
        this.#revision += 1;
        this.acceptedEpochs.push(epoch);
        return undefined;
      });
    });
  }

  #begin(fault: Fault): void {
    const candidate = this.#candidates[fault.who % this.#candidates.length];
    if (fault.type === "delete-key") this.#setKey(undefined);
    if (fault.type === "extend-lease" && this.#key) this.#renew(this.#key.lease);
    if (candidate?.watch && fault.type === "cut") candidate.watch.isDeaf = true;
    if (candidate && fault.type === "restart") this.#restart(candidate);
    const leader = this.#candidates.find((one) => this.#leads(one));
    if (leader && fault.type === "hand-over") {
      this.#tell(leader, { type: "stop" });
      this.#at(this.nowMs + fault.forMs, () => this.#restart(leader));
    }
  }

  /** A new process of the same candidate, which knows nothing. */
  #restart(candidate: Candidate): void {
    candidate.settings = this.#settings(`${candidate.settings.instance}'`);
    candidate.state = initialElection;
    candidate.watch = undefined;
    candidate.leases.clear();
    candidate.released = 0;
    candidate.timer += 1;
    this.#tell(candidate, { type: "start" });
  }

  #faultUntil(type: Fault["type"], who?: number): number | undefined {
    const found = this.#options.faults
      .filter((fault) => fault.type === type)
      .filter((fault) => who === undefined || fault.who % this.#candidates.length === who)
      .filter(({ atMs, forMs }) => atMs <= this.nowMs && this.nowMs < atMs + forMs);
    return found.length === 0 ? undefined : Math.max(...found.map((f) => f.atMs + f.forMs));
  }

  #renew(lease: number | undefined): boolean {
    if (lease === undefined || !this.#leaseEndsMs.has(lease)) return false;
    this.#leaseEndsMs.set(lease, this.nowMs + ttlMs);
    return true;
  }

  #expireLeases(): void {
    for (const [lease, endsMs] of this.#leaseEndsMs)
      if (endsMs <= this.nowMs) this.#endLease(lease);
  }

  #endLease(lease: number): void {
    this.#leaseEndsMs.delete(lease);
    if (this.#key?.lease === lease) this.#setKey(undefined);
  }

  #setKey(key: { holder: Holder; lease: number } | undefined): void {
    if (!key && !this.#key) return;
    this.#revision += 1;
    this.#key = key;
    this.#changes.push({ revision: this.#revision, holder: key?.holder });
    for (const candidate of this.#candidates) this.#feedWatch(candidate);
  }

  /** In order, each at its own time; a deaf watch never says anything again. */
  #feedWatch(candidate: Candidate): void {
    const { watch } = candidate;
    if (!watch || watch.isDeaf) return;
    for (const change of this.#changes.slice(watch.nextIndex)) {
      watch.lastMs = Math.max(watch.lastMs, this.nowMs + this.#delayMs());
      this.#at(watch.lastMs, () => {
        if (candidate.watch !== watch || watch.isDeaf) return;
        this.#tell(candidate, { type: "watch-changed", id: watch.id, ...change });
      });
    }
    watch.nextIndex = this.#changes.length;
  }
}

function sooner(best: Happening | undefined, other: Happening): Happening {
  if (!best) return other;
  if (best.atMs !== other.atMs) return best.atMs < other.atMs ? best : other;
  return best.order < other.order ? best : other;
}
