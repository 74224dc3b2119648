import { type ResourceLimits, Worker } from "node:worker_threads";
import type { WorkerLoad } from "../load/worker-load.ts";
import type { MainToWorker, WorkerOptions, WorkerToMain } from "../worker-protocol.ts";

export interface WorkerThreadOptions {
  readonly url: URL;
  /** Handed over as `workerData`. */
  readonly workerData: WorkerOptions;
  readonly resourceLimits?: ResourceLimits;
}

/** How the attempt to listen ended. */
export type ListenOutcome =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "crashed"; readonly reason: Error };

/**
 * One running worker as the main thread sees it: messages become promises, and
 * every promise settles when the thread is gone, so nobody waits for the dead.
 *
 * starting -> listening -> exited, or starting -> exited.
 */
export class WorkerThread {
  /** Settled once. Never rejects. */
  readonly listening: Promise<ListenOutcome>;
  /** Resolves when the thread is gone, with why. Never rejects. */
  readonly exited: Promise<Error>;

  readonly #worker: Worker;
  readonly #settleListening: (outcome: ListenOutcome) => void;
  /** Waits for the n-th delta to be applied; versions may go back, counts do not. */
  readonly #appliedWaiters = new Map<number, () => void>();
  /** One question at a time: a worker that does not answer is not asked again. */
  #metricsAnswer: PromiseWithResolvers<readonly object[]> | undefined;
  /** As above. */
  #loadAnswer: PromiseWithResolvers<WorkerLoad | undefined> | undefined;
  #drainedWaiter: ((cut: number) => void) | undefined;
  #state: "starting" | "listening" | "exited" = "starting";
  #synced: Promise<void> = Promise.resolve();
  #deltasPosted = 0;
  #deltasApplied = 0;
  #metricsId = 0;

  constructor({ url, workerData, resourceLimits = {} }: WorkerThreadOptions) {
    const listening = Promise.withResolvers<ListenOutcome>();
    this.listening = listening.promise;
    this.#settleListening = listening.resolve;
    this.#worker = new Worker(url, {
      name: `headgate-${workerData.worker}`,
      workerData,
      resourceLimits,
    });
    this.#worker.on("message", (message: WorkerToMain) => this.#receive(message));
    this.exited = this.#untilExit();
  }

  get isListening(): boolean {
    return this.#state === "listening";
  }

  /** Deltas posted that the worker has not answered yet. */
  get deltasBehind(): number {
    return this.#appliedWaiters.size;
  }

  /** Resolves when the worker serves what the delta made, or is gone. */
  applyDelta(bytes: Uint8Array): Promise<void> {
    if (this.#state === "exited") return Promise.resolve();
    this.#post({ type: "delta", bytes });
    this.#deltasPosted += 1;
    this.#synced = new Promise((resolve) => this.#appliedWaiters.set(this.#deltasPosted, resolve));
    return this.#synced;
  }

  /** Resolves when the worker serves all that was posted, or is gone. */
  synced(): Promise<void> {
    return this.#synced;
  }

  setReadiness(ready: boolean, reason: string): void {
    this.#post({ type: "readiness", ready, reason });
  }

  /** The worker's metrics; none if it is gone. */
  metrics(): Promise<readonly object[]> {
    if (this.#state === "exited") return Promise.resolve([]);
    if (!this.#metricsAnswer) {
      this.#metricsAnswer = Promise.withResolvers();
      this.#metricsId += 1;
      this.#post({ type: "metrics", id: this.#metricsId });
    }
    return this.#metricsAnswer.promise;
  }

  /** What the worker has done; undefined if it is gone. */
  load(): Promise<WorkerLoad | undefined> {
    if (this.#state === "exited") return Promise.resolve(undefined);
    if (!this.#loadAnswer) {
      this.#loadAnswer = Promise.withResolvers();
      this.#post({ type: "load" });
    }
    return this.#loadAnswer.promise;
  }

  /** Resolves with the number of calls cut off; 0 if the worker is gone. */
  drain(timeoutMs: number): Promise<number> {
    if (this.#state === "exited") return Promise.resolve(0);
    this.#post({ type: "drain", timeoutMs });
    return new Promise((resolve) => {
      this.#drainedWaiter = resolve;
    });
  }

  /** End the thread now, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.exited;
  }

  #post(message: MainToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: WorkerToMain): void {
    switch (message.type) {
      case "listening":
        this.#state = "listening";
        this.#settleListening({ kind: "listening", port: message.port });
        return;
      case "listen-failed":
        this.#settleListening({ kind: "failed", code: message.code, message: message.message });
        return;
      case "applied":
        this.#deltasApplied += 1;
        this.#appliedWaiters.get(this.#deltasApplied)?.();
        this.#appliedWaiters.delete(this.#deltasApplied);
        return;
      case "metrics":
        this.#metricsAnswer?.resolve(message.metrics);
        this.#metricsAnswer = undefined;
        return;
      case "load":
        this.#loadAnswer?.resolve(message.load);
        this.#loadAnswer = undefined;
        return;
      case "drained":
        this.#drainedWaiter?.(message.cut);
        return;
    }
  }

  async #untilExit(): Promise<Error> {
    const reason = await new Promise<Error>((resolve) => {
      // An uncaught error comes first and says more than the exit code after it.
      let uncaught: Error | undefined;
      this.#worker.on("error", (error) => {
        uncaught = error instanceof Error ? error : new Error(String(error));
      });
      this.#worker.on("exit", (code) => {
        resolve(uncaught ?? new Error(`the worker ended with exit code ${code}`));
      });
    });
    this.#state = "exited";
    this.#settleListening({ kind: "crashed", reason });
    for (const resolve of this.#appliedWaiters.values()) resolve();
    this.#appliedWaiters.clear();
    this.#metricsAnswer?.resolve([]);
    this.#loadAnswer?.resolve(undefined);
    this.#drainedWaiter?.(0);
    return reason;
  }
}
