import type { ResourceLimits } from "node:worker_threads";
import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import type { Logger } from "pino";
import { noLoad, retiredLoad, sumOfLoads, type WorkerLoad } from "../load/worker-load.ts";
import type { WorkerOptions } from "../worker-protocol.ts";
import { mergeRetiredMetrics } from "./retired-metrics.ts";
import { within } from "./within.ts";
import { type ListenOutcome, WorkerThread } from "./worker-thread.ts";

export interface WorkerSlotOptions {
  readonly url: URL;
  readonly workerData: WorkerOptions;
  readonly resourceLimits?: ResourceLimits;
  /** The whole snapshot in use as one delta, or undefined before the first. */
  readonly fullDelta: () => Uint8Array | undefined;
  /** What a new worker is to answer readiness with. */
  readonly readiness: () => Readiness;
  /** Called when the worker begins or ceases to listen. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reason: string;
}

/** A first restart comes quickly; one that keeps crashing costs a start every few seconds at most. */
const restartBaseMs = 200;
const restartMaxMs = 10_000;
/** A worker that ran this long crashed for a new reason. */
const stableAfterMs = 30_000;
/** A worker this far behind hangs: a new one with the whole snapshot is better. */
const deltasBehindMax = 100;

/**
 * Keeps one worker running: whenever its thread ends, another takes its place
 * with the whole snapshot, after a pause that grows while they keep ending.
 *
 * idle -> running <-> waiting; stopped from any.
 */
export class WorkerSlot {
  readonly #options: WorkerSlotOptions;
  readonly #stopper = new AbortController();
  #workerData: WorkerOptions;
  #thread: WorkerThread | undefined;
  #lastMetrics: readonly object[] = [];
  /** Counters of threads that are gone, so that sums never go back. */
  #retiredMetrics: readonly object[] = [];
  #lastLoad = noLoad;
  /** Of threads that are gone, but for what was under way. */
  #retiredLoad = noLoad;
  #done: Promise<void> = Promise.resolve();

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.#workerData = options.workerData;
  }

  get isListening(): boolean {
    return this.#thread?.isListening ?? false;
  }

  /** Start the first thread. Only once it listens are later ones replaced. */
  async start(): Promise<ListenOutcome> {
    const thread = this.#spawn();
    const outcome = await thread.listening;
    if (outcome.kind === "listening") {
      this.#keepPort(outcome.port);
      this.#done = this.#supervise(thread);
    } else await this.stop();
    return outcome;
  }

  /** Resolves when the thread serves what the delta made. A slot between threads has nothing to do. */
  async applyDelta(bytes: Uint8Array): Promise<void> {
    const thread = this.#thread;
    if (!thread) return;
    if (thread.deltasBehind >= deltasBehindMax) return thread.terminate();
    await thread.applyDelta(bytes);
  }

  /** Resolves when the thread serves every delta so far. */
  async synced(): Promise<void> {
    await this.#thread?.synced();
  }

  setReadiness({ ready, reason }: Readiness): void {
    this.#thread?.setReadiness(ready, reason);
  }

  /** As of now, or as last seen when the worker takes longer than `timeoutMs`. */
  async metrics(timeoutMs: number): Promise<readonly (readonly object[])[]> {
    const thread = this.#thread;
    if (thread) {
      const fresh = await within(thread.metrics(), timeoutMs, this.#options.clock);
      if (fresh && thread === this.#thread) this.#lastMetrics = fresh;
    }
    return [this.#retiredMetrics, this.#lastMetrics];
  }

  /** As of now, or as last seen when the worker takes longer than `timeoutMs`. Sums never fall. */
  async load(timeoutMs: number): Promise<WorkerLoad> {
    const thread = this.#thread;
    if (thread) {
      const fresh = await within(thread.load(), timeoutMs, this.#options.clock);
      if (fresh && thread === this.#thread) this.#lastLoad = fresh;
    }
    return sumOfLoads([this.#retiredLoad, this.#lastLoad]);
  }

  /** Let calls in flight finish, at most `timeoutMs`. A worker that ends now is not replaced. */
  async drain(timeoutMs: number): Promise<number> {
    this.#stopper.abort();
    const cut = await this.#thread?.drain(timeoutMs);
    return cut ?? 0;
  }

  /** End the thread and wait until nothing of it is left. Safe to call repeatedly. */
  async stop(): Promise<void> {
    this.#stopper.abort();
    await this.#thread?.terminate();
    await this.#done;
  }

  /** Clients know the port by now: later threads listen there, although any would have done before. */
  #keepPort(port: number): void {
    const { listen } = this.#workerData;
    if ("port" in listen) this.#workerData = { ...this.#workerData, listen: { ...listen, port } };
  }

  async #supervise(first: WorkerThread): Promise<void> {
    const { clock, random, logger, workerData } = this.#options;
    const { signal } = this.#stopper;
    let thread = first;
    for (let attempt = 0; ; attempt++) {
      const startedMs = clock.now();
      this.#reportListening(thread);
      const reason = await thread.exited;
      this.#retire();
      if (signal.aborted) return;
      if (clock.now() - startedMs >= stableAfterMs) attempt = 0;
      const pauseMs = fullJitterMs({ attempt, baseMs: restartBaseMs, maxMs: restartMaxMs, random });
      logger.error(
        { err: reason, worker: workerData.worker, pause_ms: Math.round(pauseMs) },
        "a worker crashed and will be restarted",
      );
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return;
      thread = this.#spawn();
    }
  }

  #spawn(): WorkerThread {
    const { url, resourceLimits, fullDelta, readiness } = this.#options;
    const thread = new WorkerThread({
      url,
      workerData: this.#workerData,
      ...(resourceLimits && { resourceLimits }),
    });
    this.#thread = thread;
    // Posted before it listens, so that its first call finds the snapshot in place.
    const bytes = fullDelta();
    if (bytes) void thread.applyDelta(bytes);
    this.setReadiness(readiness());
    return thread;
  }

  #reportListening(thread: WorkerThread): void {
    const { onChange, logger, workerData } = this.#options;
    void thread.listening.then((outcome) => {
      if (outcome.kind === "listening") return onChange();
      if (outcome.kind === "failed") {
        logger.error(
          { worker: workerData.worker, code: outcome.code },
          `a restarted worker could not listen: ${outcome.message}`,
        );
      }
    });
  }

  #retire(): void {
    this.#thread = undefined;
    this.#retiredMetrics = mergeRetiredMetrics(this.#retiredMetrics, this.#lastMetrics);
    this.#lastMetrics = [];
    this.#retiredLoad = retiredLoad(sumOfLoads([this.#retiredLoad, this.#lastLoad]));
    this.#lastLoad = noLoad;
    this.#options.onChange();
  }
}
