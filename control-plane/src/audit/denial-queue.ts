import type { Clock } from "@headgate/core";
import type { admin } from "@headgate/proto";
import type { Logger } from "pino";
import type { Store, Write } from "../store/store.ts";
import type { AuditMetrics } from "../telemetry/control-plane-metrics.ts";

export interface DenialQueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AuditMetrics;
  readonly putOf: (entry: admin.AuditEntry) => Write;
}

/** Whoever guesses tokens must not fill the store, nor keep it busy. */
const perSecondMax = 10;
const queueMax = 100;

/**
 * Writes the entries of refused calls, one after the other, and never makes a caller wait. What is
 * beyond the rate, or does not fit while the store is slow, is only counted.
 */
export class DenialQueue {
  readonly #options: DenialQueueOptions;
  readonly #waiting: Write[] = [];
  #room = perSecondMax;
  #roomAtMs: number;
  #writing: Promise<void> | undefined;

  constructor(options: DenialQueueOptions) {
    this.#options = options;
    this.#roomAtMs = options.clock.now();
  }

  add(entry: admin.AuditEntry): void {
    const { metrics, logger, putOf } = this.#options;
    if (this.#waiting.length >= queueMax || !this.#takeRoom()) {
      metrics.dropped.inc();
      return;
    }
    try {
      this.#waiting.push(putOf(entry));
    } catch (err) {
      metrics.dropped.inc();
      logger.error({ err }, "an audit entry could not be made");
      return;
    }
    this.#writing ??= this.#writeAll();
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    const { store, metrics, logger } = this.#options;
    await Promise.resolve(); // Not within the call that is refused.
    for (let put = this.#waiting.shift(); put; put = this.#waiting.shift()) {
      try {
        await store.transact({ writes: [put] });
      } catch (err) {
        metrics.dropped.inc();
        logger.error({ err }, "an audit entry of a refused call could not be written");
      }
    }
    this.#writing = undefined;
  }

  /** A bucket of ten, refilled in a second. */
  #takeRoom(): boolean {
    const nowMs = this.#options.clock.now();
    const gained = ((nowMs - this.#roomAtMs) / 1000) * perSecondMax;
    this.#room = Math.min(perSecondMax, this.#room + gained);
    this.#roomAtMs = nowMs;
    if (this.#room < 1) return false;
    this.#room -= 1;
    return true;
  }
}
