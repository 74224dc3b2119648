import type { Bus } from "@headgate/bus";
import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import {
  encodeLoadReport,
  loadSubject,
  type NodeState,
  type ReportingNode,
} from "./load-report.ts";
import type { WorkerLoad } from "./worker-load.ts";

export interface LoadReporterOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly from: ReportingNode;
  /** Of all workers. Must not take longer than a few seconds. */
  readonly load: () => Promise<WorkerLoad>;
  readonly state: () => NodeState;
  readonly rssBytes: () => number;
}

const reportEveryMs = 1_000;

/**
 * Tells the control plane every second how this node is doing, beside all calls. What can't be sent
 * is dropped: the next report says all that it said. Trouble with the bus is told once, and its end.
 */
export class LoadReporter {
  readonly #options: LoadReporterOptions;
  readonly #subject: string;
  readonly #startMs: number;
  #timer: Disposable | undefined;
  #sequence = 0;
  #isGathering = false;
  #reaches = true;

  constructor(options: LoadReporterOptions) {
    this.#options = options;
    this.#subject = loadSubject(options.from);
    this.#startMs = options.clock.now();
  }

  start(): void {
    this.#timer = this.#options.clock.every(reportEveryMs, () => void this.#tick());
  }

  /** Idempotent. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  /** Never rejects. Workers that are slow to answer delay a report, and are not asked twice. */
  async #tick(): Promise<void> {
    if (this.#isGathering) return;
    this.#isGathering = true;
    try {
      const load = await this.#options.load();
      if (this.#timer) this.#publish(load);
    } catch (err) {
      this.#reached(false, err);
    } finally {
      this.#isGathering = false;
    }
  }

  #publish(load: WorkerLoad): void {
    const { bus, clock, from, state, rssBytes } = this.#options;
    this.#sequence += 1;
    const report = encodeLoadReport(from, {
      ...state(),
      load,
      sequence: this.#sequence,
      timeMs: clock.wallTimeMs(),
      uptimeMs: clock.now() - this.#startMs,
      rssBytes: rssBytes(),
    });
    const droppedBefore = bus.status().droppedPublishes;
    bus.publish(this.#subject, report);
    this.#reached(bus.status().droppedPublishes === droppedBefore);
  }

  #reached(reaches: boolean, err?: unknown): void {
    if (reaches === this.#reaches) return;
    this.#reaches = reaches;
    const { logger } = this.#options;
    if (reaches) logger.info("load reports reach the bus again");
    else
      logger.warn(
        { ...(err !== undefined && { err }) },
        "load reports don't reach the bus; calls go on",
      );
  }
}
