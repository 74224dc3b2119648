import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import type { Logger } from "pino";
import {
  parseResourceKey,
  type ResourceCodec,
  resourcesPrefix,
} from "../resources/resource-codec.ts";
import { resourceId } from "../resources/resource-kind.ts";
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

const pauseBaseMs = 100;
const pauseMaxMs = 5_000;

/**
 * Keeps the cache equal to the store: one listing, then a watch from there on. Lists again when
 * the store no longer has what was missed; tries again, with pauses, when it can't be reached.
 * The cache meanwhile stays as it was.
 */
export class SnapshotFeed {
  readonly #options: SnapshotFeedOptions;
  readonly #stopper = new AbortController();
  readonly #loaded = Promise.withResolvers<void>();
  #isLoaded = false;
  /** Watch from here; undefined: list first. */
  #nextRevision: number | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(options: SnapshotFeedOptions) {
    this.#options = options;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Resolves when the cache holds a first snapshot. */
  get loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopper.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { clock, random, logger, metrics } = this.#options;
    const { signal } = this.#stopper;
    for (let failures = 0; !signal.aborted; failures++) {
      const progressed = { made: false };
      const reason = await this.#follow(progressed);
      if (signal.aborted) break;
      if (progressed.made) failures = 0;
      if (reason instanceof CompactedError) this.#nextRevision = undefined;
      metrics.watchRestarts.inc({
        reason: reason instanceof CompactedError ? "compacted" : "error",
      });
      logger.warn({ err: reason }, "the watch of the store was lost; trying again");
      const pause = { attempt: failures, baseMs: pauseBaseMs, maxMs: pauseMaxMs, random };
      await clock.sleep(fullJitterMs(pause), signal);
    }
  }

  /** Runs until the watch is lost, and says why. Never rejects. */
  async #follow(progressed: { made: boolean }): Promise<unknown> {
    const { signal } = this.#stopper;
    try {
      const from = this.#nextRevision ?? (await this.#list()) + 1;
      this.#nextRevision = from;
      progressed.made = !this.#isLoaded;
      this.#isLoaded = true;
      this.#loaded.resolve();
      for await (const { revision, changes } of this.#options.store.watch(resourcesPrefix, {
        from,
        signal,
      })) {
        this.#apply(revision, changes);
        this.#nextRevision = revision + 1;
        progressed.made = true;
      }
      return new Error("the store ended the watch");
    } catch (reason) {
      return reason;
    }
  }

  async #list(): Promise<number> {
    const { store, cache, clock, onChange } = this.#options;
    const listed = new Map<string, SnapshotEntry>();
    let page = await store.list(resourcesPrefix);
    const { revision } = page;
    for (;;) {
      for (const entry of page.value) this.#addTo(listed, entry);
      const after = page.value.at(-1)?.key;
      if (!page.more || after === undefined) break;
      page = await store.list(resourcesPrefix, { revision, after });
    }
    const versionBefore = cache.version;
    const urgent = cache.replaceAll(revision, listed, clock.now());
    if (cache.version !== versionBefore) onChange(urgent);
    return revision;
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
