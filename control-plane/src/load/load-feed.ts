import { fromBinary } from "@bufbuild/protobuf";
import {
  type Bus,
  type LatestWins,
  type Message,
  subjectToken,
  subscribeLatest,
} from "@headgate/bus";
import type { Clock } from "@headgate/core";
import { type admin, discovery } from "@headgate/proto";
import type { Logger } from "pino";
import type { LoadMetrics } from "../telemetry/control-plane-metrics.ts";
import { LoadDirectory, type NodeName, type Reception } from "./load-directory.ts";
import { loadSampleFrom } from "./load-sample.ts";

export interface LoadFeedOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: LoadMetrics;
}

/** A quarter of what nodes send in a second: reading them all at once would hold up others. */
const takeEveryMs = 250;
const nodesMax = 20_000;
/** With the longest names it has 300. */
const reportBytesMax = 2_048;

/**
 * How the nodes of all regions are doing, as each reports it every second over the bus. A slot for each
 * node, not a queue: whoever falls behind skips reports, and never reads old ones. For people: nothing
 * that serves calls depends on it.
 */
export class LoadFeed {
  readonly #options: LoadFeedOptions;
  readonly #reports: LatestWins;
  readonly #directory = new LoadDirectory({ nodesMax });
  readonly #timer: Disposable;
  #hasWarned = false;

  constructor(options: LoadFeedOptions) {
    const { bus, clock } = options;
    this.#options = options;
    this.#reports = subscribeLatest(bus, "load.*.*", { subjectsMax: nodesMax });
    this.#timer = clock.every(takeEveryMs, () => this.#takeAll());
  }

  /** Undefined if it has not reported lately. */
  loadOf(node: NodeName): admin.NodeLoad | undefined {
    return this.#directory.loadOf(node, this.#options.clock.now());
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#reports[Symbol.asyncDispose]();
  }

  #takeAll(): void {
    const { metrics, clock } = this.#options;
    const nowMs = clock.now();
    for (const message of this.#reports.take().values()) {
      metrics.reports.inc({ outcome: this.#take(message, nowMs) });
    }
    metrics.nodes.set(this.#directory.size(nowMs));
  }

  #take({ subject, data }: Message, nowMs: number): Reception | "unreadable" {
    try {
      if (data.length > reportBytesMax) throw new RangeError("it is too large");
      const report = fromBinary(discovery.LoadReportSchema, data);
      const node = { region: report.region, name: report.node };
      if (subject !== subjectOf(node))
        throw new Error("it is of another node than its subject says");
      return this.#directory.receive(node, loadSampleFrom(report), nowMs);
    } catch (err) {
      this.#warnOnce(err, subject);
      return "unreadable";
    }
  }

  /** The metric counts the rest: who sends one such report sends one every second. */
  #warnOnce(err: unknown, subject: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.logger.warn({ err, subject }, "a load report of a node can't be read");
  }
}

/** Servers may permit a node its own subject alone, so a report counts for no other. */
function subjectOf({ region, name }: NodeName): string {
  return `load.${subjectToken(region)}.${subjectToken(name)}`;
}
