import { toBinary } from "@bufbuild/protobuf";
import type { Clock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import type { Logger } from "pino";
import { applyDelta } from "./apply-delta.ts";
import { emptySnapshot, fullDelta, type Snapshot } from "./snapshot.ts";
import type { ApplyOutcome } from "./snapshot-subscription.ts";

export interface SnapshotKeeperOptions {
  /** Put an accepted delta in force; the ACK waits for it. */
  readonly spread: (bytes: Uint8Array) => Promise<void>;
  /** Keep an accepted snapshot for the next start. */
  readonly save: (snapshot: Snapshot) => void;
  readonly onNack: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Holds the snapshot in use, and replaces it by what is good of what arrives. */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  #current: Snapshot | undefined;
  #receivedWallMs = 0;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  /** The snapshot in use; the empty one before the first. */
  get snapshot(): Snapshot {
    return this.#current ?? emptySnapshot;
  }

  /** Whether there is one; it may well be empty. */
  get isLoaded(): boolean {
    return this.#current !== undefined;
  }

  /** Since the snapshot in use came from the control plane. 0 when there is none. */
  ageSeconds(): number {
    if (!this.#current) return 0;
    return Math.max(0, (this.#options.clock.wallTimeMs() - this.#receivedWallMs) / 1000);
  }

  /** Begin with what the disk had. */
  restore(snapshot: Snapshot, receivedWallMs: number): void {
    this.#current = snapshot;
    this.#receivedWallMs = receivedWallMs;
  }

  /** The snapshot in use as one delta, or undefined before the first. */
  fullDelta(): Uint8Array | undefined {
    if (!this.#current) return undefined;
    return toBinary(discovery.StreamSnapshotsResponseSchema, fullDelta(this.#current));
  }

  /** Use what a response makes of the snapshot, or keep all as it is. */
  async apply(response: discovery.StreamSnapshotsResponse): Promise<ApplyOutcome> {
    const outcome = applyDelta(this.snapshot, response);
    if (!outcome.ok) {
      this.#reportNack(response, outcome);
      return { kind: outcome.diverged ? "diverged" : "rejected", rejected: outcome.rejected };
    }
    const { clock, save, spread } = this.#options;
    this.#current = outcome.snapshot;
    this.#receivedWallMs = clock.wallTimeMs();
    this.#reportApplied(response);
    save(outcome.snapshot);
    await spread(toBinary(discovery.StreamSnapshotsResponseSchema, response));
    return { kind: "applied" };
  }

  #reportApplied({ fromVersion, version, upserts, removed }: Response): void {
    // Deltas may come many times a second; a full snapshot is an event.
    const level = fromVersion === 0n ? "info" : "debug";
    this.#options.logger[level](
      {
        from_version: String(fromVersion),
        version: String(version),
        upserts: upserts.length,
        removed: removed.length,
      },
      "snapshot applied",
    );
  }

  #reportNack({ version }: Response, { rejected }: Pick<Refused, "rejected">): void {
    this.#options.onNack();
    this.#options.logger.warn(
      {
        version: String(version),
        in_use: String(this.snapshot.version),
        rejected: rejected.slice(0, rejectionsLoggedMax),
      },
      "snapshot refused, the one before stays in use",
    );
  }
}

type Response = discovery.StreamSnapshotsResponse;
type Refused = Exclude<ApplyOutcome, { kind: "applied" }>;

const rejectionsLoggedMax = 5;
