import { randomUUID } from "node:crypto";
import {
  type Clock,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionSettings,
  type ElectionState,
  electionDueMs,
  initialElection,
  isLeading,
  type Random,
  stepElection,
  Wakeup,
} from "@headgate/core";
import type { Logger } from "pino";
import type { Store } from "../store/store.ts";
import type { LeadershipMetrics } from "../telemetry/control-plane-metrics.ts";
import { ElectionRequests } from "./election-requests.ts";
import { encodeLeaderRecord, leaderKey } from "./leader-record.ts";
import type { Leadership } from "./leadership.ts";
import { StoreLeadership } from "./store-leadership.ts";
import { suspendAwareNow } from "./suspend-aware-now.ts";

export interface ElectorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What is led: "global", "region/eu-west". */
  readonly scope: string;
  /** Who we are, for people. */
  readonly candidate: Candidate;
  /**
   * How long a leader that says nothing stays the leader. Default 5 s; 3 s to 60 s. Shorter means
   * faster take-over of crashed leaders, and leaders that lose office to a slow store.
   */
  readonly ttlMs?: number;
  readonly metrics?: LeadershipMetrics;
  /** Told when somebody else leads, or nobody, or we begin or cease to. */
  readonly onChange?: (status: ElectionStatus) => void;
}

export interface Candidate {
  readonly name: string;
  readonly address?: string;
}

export interface ElectionStatus {
  readonly scope: string;
  /** The name of the leader, as far as we know. */
  readonly leader?: string;
  readonly address?: string;
  readonly epoch?: number;
  readonly isLeader: boolean;
}

/** One candidate in the election of one scope. Runs once. */
export interface Elector {
  start(): void;
  /** Resign at once, so that another can take over now. Resolves when the store knows, or can't be reached. */
  stop(): Promise<void>;
  status(): ElectionStatus;
  /** Ours, while it is valid. */
  readonly leadership: Leadership | undefined;
  /** Resolves once we lead, or with undefined when `signal` aborts. */
  whenLeading(signal: AbortSignal): Promise<Leadership | undefined>;
}

/** @throws {RangeError} for a scope or ttlMs out of bounds. */
export function createElector(options: ElectorOptions): Elector {
  return new StoreElector(options);
}

const ttlDefaultMs = 5_000;
const ttlMinMs = 3_000;
const ttlMaxMs = 60_000;
/** Covers clocks that differ by 1 s in a term, which is 20 % at the default. */
const marginMs = 1_000;
const scopePattern = /^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,255}$/;

/** Drives the state machine of the election with time, and with the answers of the store. */
class StoreElector implements Elector {
  readonly #options: ElectorOptions;
  readonly #settings: ElectionSettings;
  readonly #requests: ElectionRequests;
  readonly #key: string;
  readonly #now: () => number;
  readonly #elections = new Wakeup();
  #state: ElectionState = initialElection;
  #leadership: StoreLeadership | undefined;
  #announced: ElectionStatus;
  #alarm = new AbortController();
  #alarmAtMs = Infinity;
  #isStopped = false;

  constructor(options: ElectorOptions) {
    const { store, clock, random, scope, candidate, ttlMs = ttlDefaultMs } = options;
    assertOptions(scope, ttlMs);
    this.#options = options;
    this.#key = leaderKey(scope);
    this.#now = suspendAwareNow(clock);
    this.#settings = { instance: randomUUID(), ttlMs, marginMs, random };
    this.#announced = { scope, isLeader: false };
    const { instance } = this.#settings;
    this.#requests = new ElectionRequests({
      store,
      clock,
      ttlMs,
      key: this.#key,
      recordFor: (attempt) => {
        const { name, address } = candidate;
        return encodeLeaderRecord({ candidate: name, address, instance, attempt });
      },
      tell: (event, error) => this.#step(event, error),
    });
  }

  get leadership(): Leadership | undefined {
    return this.#leadership?.isValid() ? this.#leadership : undefined;
  }

  start(): void {
    if (this.#isStopped) throw new Error("an elector runs once; make another");
    this.#options.metrics?.leader.set({ scope: this.#options.scope }, 0);
    this.#step({ type: "start" });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#step({ type: "stop" });
    await this.#requests.settled();
  }

  async whenLeading(signal: AbortSignal): Promise<Leadership | undefined> {
    while (!signal.aborted && !this.leadership) await this.#elections.wait(signal);
    return signal.aborted ? undefined : this.leadership;
  }

  status(): ElectionStatus {
    const { scope, candidate } = this.#options;
    if (this.#leadership?.isValid()) {
      const { name: leader, ...address } = candidate;
      return { scope, leader, ...address, epoch: this.#leadership.epoch, isLeader: true };
    }
    const { holder } = this.#state.view;
    // Our own key, which we have given up or lost, makes nobody the leader.
    if (!holder || holder.instance === this.#settings.instance) return { scope, isLeader: false };
    const { name: leader, address, epoch } = holder;
    return { scope, leader, ...(address !== undefined && { address }), epoch, isLeader: false };
  }

  #step(event: ElectionEvent, error?: unknown): void {
    const before = this.#state;
    const input = { state: before, event, nowMs: this.#now() };
    const { state, effects } = stepElection(this.#settings, input);
    this.#state = state;
    for (const effect of effects) this.#requests.send(effect);
    this.#setAlarm();
    for (const effect of effects) this.#take(effect);
    this.#logHealth(before.view.failures, error);
    this.#announce();
  }

  /** Wake up when something is due. */
  #setAlarm(): void {
    const dueMs = electionDueMs(this.#state, this.#settings);
    if (dueMs === this.#alarmAtMs) return;
    this.#alarm.abort();
    this.#alarmAtMs = dueMs;
    if (dueMs === Infinity) return;
    const alarm = new AbortController();
    this.#alarm = alarm;
    void this.#options.clock.sleep(Math.max(0, dueMs - this.#now()), alarm.signal).then(() => {
      if (alarm.signal.aborted) return;
      this.#alarmAtMs = Infinity;
      this.#step({ type: "tick" });
    });
  }

  #take(effect: ElectionEffect): void {
    const { logger, scope } = this.#options;
    if (effect.type === "elected") {
      this.#leadership = this.#leadershipOf(effect.epoch);
      logger.info({ scope, epoch: effect.epoch }, "elected leader");
      this.#elections.notify();
    }
    if (effect.type === "deposed") {
      const { epoch, reason } = effect;
      const level = reason === "stopped" ? "info" : "warn";
      logger[level]({ scope, epoch, reason }, "no longer the leader");
      this.#leadership?.end();
      this.#leadership = undefined;
    }
  }

  #leadershipOf(epoch: number): StoreLeadership {
    const { store, scope } = this.#options;
    return new StoreLeadership({
      store,
      scope,
      key: this.#key,
      epoch,
      isValid: () => isLeading(this.#state, this.#settings, this.#now()),
      refuted: () => this.#step({ type: "refuted", epoch }),
    });
  }

  /** The first failure of many, and the end of them. */
  #logHealth(failuresBefore: number, error: unknown): void {
    const { logger, scope } = this.#options;
    const { failures } = this.#state.view;
    if (failures > 0 && failuresBefore === 0) {
      logger.warn({ scope, err: error }, "the election has trouble with the store; it tries on");
    }
    if (failures === 0 && failuresBefore > 0) logger.info({ scope }, "the election goes on");
  }

  #announce(): void {
    const { metrics, onChange, logger, scope } = this.#options;
    const before = this.#announced;
    const status = this.status();
    if (status.epoch === before.epoch && status.isLeader === before.isLeader) return;
    this.#announced = status;
    metrics?.leader.set({ scope }, status.isLeader ? 1 : 0);
    if (status.epoch !== undefined && status.epoch !== before.epoch)
      metrics?.changes.inc({ scope });
    try {
      onChange?.(status);
    } catch (err) {
      logger.error({ scope, err }, "a listener to the election failed");
    }
  }
}

function assertOptions(scope: string, ttlMs: number): void {
  if (!scopePattern.test(scope)) {
    throw new RangeError(
      `a scope is like "global" or "region/eu-west", got ${JSON.stringify(scope)}`,
    );
  }
  if (!(ttlMs >= ttlMinMs && ttlMs <= ttlMaxMs)) {
    throw new RangeError(`ttlMs must be ${ttlMinMs} to ${ttlMaxMs}, got ${ttlMs}`);
  }
}
