import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import {
  parseResourceKey,
  type ResourceCodec,
  resourcesPrefix,
} from "../resources/resource-codec.ts";
import { resourceId } from "../resources/resource-kind.ts";
import { type Following, followPrefix } from "../store/follow-prefix.ts";
import { type Change, CompactedError, type Entry, type Store } from "../store/store.ts";
import type { FeedMetrics } from "../telemetry/control-plane-metrics.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import { snapshotEntryFrom } from "./snapshot-entry.ts";
import type { ResourceChange, SnapshotEntry } from "./snapshot-history.ts";

export interface SnapshotFeedOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly cache: SnapshotCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: FeedMetrics;
  /** Told of every change in the cache; `urgent` ones must not wait for others. */
  readonly onChange: (urgent: boolean) => void;
}

/**
 * Keeps the cache equal to the store (see followPrefix()). While the store is away, or has
 * something that can't be read, the cache stays as it was.
 */
export class SnapshotFeed {
  readonly #options: SnapshotFeedOptions;
  #following: Following | undefined;
  readonly #loaded = Promise.withResolvers<void>();

  constructor(options: SnapshotFeedOptions) {
    this.#options = options;
  }

  get isLoaded(): boolean {
    return this.#following?.isListed ?? false;
  }

  /** Resolves when the cache holds a first snapshot. */
  get loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  start(): void {
    this.#following = followPrefix({
      ...this.#options,
      prefix: resourcesPrefix,
      onList: (entries, revision) => this.#replaceAll(entries, revision),
      onChanges: ({ revision, changes }) => this.#apply(revision, changes),
      onLost: (reason) => this.#reportLost(reason),
    });
    void this.#following.listed.then(() => this.#loaded.resolve());
  }

  async stop(): Promise<void> {
    await this.#following?.[Symbol.asyncDispose]();
  }

  #reportLost(reason: unknown): void {
    const { metrics, logger } = this.#options;
    const word = reason instanceof CompactedError ? "compacted" : "error";
    metrics.watchRestarts.inc({ reason: word });
    logger.warn({ err: reason }, "the watch of the store was lost; trying again");
  }

  #replaceAll(entries: readonly Entry[], revision: number): void {
    const { cache, clock, onChange } = this.#options;
    const listed = new Map<string, SnapshotEntry>();
    for (const entry of entries) this.#addTo(listed, entry);
    const versionBefore = cache.version;
    const urgent = cache.replaceAll(revision, listed, clock.now());
    if (cache.version !== versionBefore) onChange(urgent);
  }

  #apply(revision: number, storeChanges: readonly Change[]): void {
    const changes: ResourceChange[] = [];
    for (const change of storeChanges) {
      const id = idFromKey(change.type === "put" ? change.entry.key : change.key);
      if (id === undefined) continue;
      if (change.type === "delete") changes.push({ id, entry: undefined });
      else {
        const entry = this.#decode(change.entry);
        if (entry) changes.push({ id, entry });
      }
    }
    if (changes.length === 0) return;
    const { cache, clock, onChange } = this.#options;
    onChange(cache.apply(revision, changes, clock.now()));
  }

  #addTo(listed: Map<string, SnapshotEntry>, entry: Entry): void {
    const id = idFromKey(entry.key);
    if (id === undefined) return;
    const decoded = this.#decode(entry) ?? this.#options.cache.entry(id);
    if (decoded) listed.set(id, decoded);
  }

  /** A value that can't be read must not stop the others: the last good one stays in use. */
  #decode(entry: Entry): SnapshotEntry | undefined {
    try {
      return snapshotEntryFrom(entry, this.#options.codec);
    } catch (err) {
      this.#options.metrics.unreadable.inc();
      this.#options.logger.error({ err, key: entry.key }, "a value in the store can't be read");
      return undefined;
    }
  }
}

function idFromKey(key: string): string | undefined {
  const id = parseResourceKey(key);
  return id && resourceId(id.kind, id.name);
}
