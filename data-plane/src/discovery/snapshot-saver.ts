import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import type { Snapshot } from "./snapshot.ts";

export interface SnapshotSaverOptions {
  /** Durable when it resolves. */
  readonly write: (snapshot: Snapshot) => Promise<void>;
  /** Told of every failed write; the log hears only of the first. */
  readonly onFailure: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A burst of changes costs one write a second, not one each. */
const pauseMs = 1_000;
/** A full disk is not helped by trying every second. */
const retryPauseMs = 30_000;

/**
 * Writes snapshots behind their use: the latest wins, one write at a time. A
 * write that fails costs nothing but the newest state after a restart, so it
 * is said once, retried, and serving goes on.
 *
 * idle -> writing -> pausing -> (writing | idle); stopped from any.
 */
export class SnapshotSaver {
  readonly #options: SnapshotSaverOptions;
  readonly #stopper = new AbortController();
  #latest: Snapshot | undefined;
  #failing = false;
  #running: Promise<void> | undefined;

  constructor(options: SnapshotSaverOptions) {
    this.#options = options;
  }

  /** Have this one on disk soon. */
  save(snapshot: Snapshot): void {
    this.#latest = snapshot;
    if (!this.#stopper.signal.aborted) this.#running ??= this.#run();
  }

  /** Write what is still waiting, once, and stop. Safe to call repeatedly. */
  async stop(): Promise<void> {
    this.#stopper.abort();
    await this.#running;
    await this.#writeLatest();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (this.#latest && !this.#stopper.signal.aborted) {
      await this.#writeLatest();
      await clock.sleep(this.#failing ? retryPauseMs : pauseMs, this.#stopper.signal);
    }
    this.#running = undefined;
  }

  async #writeLatest(): Promise<void> {
    const snapshot = this.#latest;
    if (!snapshot) return;
    this.#latest = undefined;
    try {
      await this.#options.write(snapshot);
      if (this.#failing) this.#options.logger.info("the snapshot is saved on disk again");
      this.#failing = false;
    } catch (reason) {
      this.#latest ??= snapshot;
      this.#reportFailure(reason);
    }
  }

  #reportFailure(reason: unknown): void {
    const { logger, onFailure } = this.#options;
    onFailure();
    if (!this.#failing) {
      logger.warn(
        { err: reason },
        "the snapshot cannot be saved on disk: serving goes on, but a restart without the control plane would begin with an older one",
      );
    }
    this.#failing = true;
  }
}
