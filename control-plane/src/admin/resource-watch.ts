import { create } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { didYouMean, type ResourceKind, resourceKindNames } from "@headgate/config";
import type { Clock } from "@headgate/core";
import { admin } from "@headgate/proto";
import type { Logger } from "pino";
import { kindPrefix, type ResourceCodec, resourcesPrefix } from "../resources/resource-codec.ts";
import { isResourceKind } from "../resources/resource-kind.ts";
import { CompactedError, type Entry, type Store } from "../store/store.ts";
import { connectErrorFrom, invalidArgument, outOfRange, unavailable } from "./admin-errors.ts";
import type { Caller } from "./caller.ts";
import { ResourceView } from "./resource-view.ts";
import type { WatchSlots } from "./watch-slots.ts";
import { withBeats } from "./with-beats.ts";

export interface ResourceWatchOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly slots: WatchSlots;
}

export type WatchInput = Pick<admin.WatchResourcesRequest, "kinds" | "fromRevision">;

const beatMs = 30_000;
/** Of one answer with resources as they are; far below what clients take by default (4 MiB). */
const answerEventsMax = 500;
const answerBytesMax = 1024 * 1024;

/** WatchResources: the resources as they are, then every change, one answer per revision. */
export class ResourceWatch {
  readonly #options: ResourceWatchOptions;

  constructor(options: ResourceWatchOptions) {
    this.#options = options;
  }

  /**
   * Until `signal` aborts.
   *
   * @throws ConnectError OUT_OF_RANGE when what follows the revision is no longer kept,
   * UNAVAILABLE when the store was lost: watch again from the last revision seen.
   */
  async *watch(
    { principal }: Caller,
    { kinds, fromRevision }: WatchInput,
    signal: AbortSignal,
  ): AsyncGenerator<admin.WatchResourcesResponse> {
    const slot = this.#options.slots.take(signal);
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal]);
    try {
      const watched = kindsFrom(kinds);
      const view = new ResourceView({ principal, kinds: watched, decode: (e) => this.#decode(e) });
      let revision = Number(fromRevision);
      if (fromRevision === 0n) {
        for await (const answer of this.#state(view, watched)) {
          revision = Number(answer.revision);
          yield answer;
        }
      } else {
        await this.#resume(view, watched, fromRevision);
      }
      yield* this.#changes(view, revision, until);
    } catch (error) {
      throw watchError(error, this.#options.logger);
    } finally {
      ended.abort();
      slot[Symbol.dispose]();
    }
  }

  async *#changes(
    view: ResourceView,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<admin.WatchResourcesResponse> {
    const { store, clock } = this.#options;
    let revision = from;
    const batches = store.watch(resourcesPrefix, { from: from + 1, signal });
    for await (const batch of withBeats(batches, { clock, everyMs: beatMs, signal })) {
      if (batch === "beat") {
        yield answerOf(revision, []);
        continue;
      }
      revision = batch.revision;
      const events = view.eventsOf(batch.changes);
      if (events.length > 0) yield answerOf(revision, events);
    }
    if (!signal.aborted) throw unavailable("the store ended the watch: watch again from there");
  }

  /** Everything as of one revision, in answers of bounded size; the last says so. */
  async *#state(
    view: ResourceView,
    kinds: ReadonlySet<ResourceKind>,
  ): AsyncGenerator<admin.WatchResourcesResponse> {
    const { revision } = await this.#options.store.list(resourcesPrefix, { limit: 1 });
    let events: admin.ResourceEvent[] = [];
    let bytes = 0;
    for await (const entry of this.#entries(kinds, revision)) {
      const event = view.start(entry);
      if (!event) continue;
      if (events.length >= answerEventsMax || bytes + entry.value.length > answerBytesMax) {
        yield answerOf(revision, events);
        events = [];
        bytes = 0;
      }
      events.push(event);
      bytes += entry.value.length;
    }
    yield answerOf(revision, events, true);
  }

  /** @throws ConnectError OUT_OF_RANGE for a revision of another store, or one not kept. */
  async #resume(
    view: ResourceView,
    kinds: ReadonlySet<ResourceKind>,
    fromRevision: bigint,
  ): Promise<void> {
    const { revision } = await this.#options.store.list(resourcesPrefix, { limit: 1 });
    if (fromRevision > BigInt(revision)) {
      throw outOfRange(
        `from_revision ${fromRevision} is in the future, the store is at ${revision}: start anew, from 0`,
      );
    }
    if (!view.needsPast) return;
    for await (const entry of this.#entries(kinds, Number(fromRevision))) view.start(entry);
  }

  async *#entries(kinds: ReadonlySet<ResourceKind>, revision: number): AsyncGenerator<Entry> {
    const { store } = this.#options;
    for (const kind of kinds) {
      const prefix = kindPrefix(kind);
      const limit = answerEventsMax;
      let page = await store.list(prefix, { revision, limit });
      for (;;) {
        yield* page.value;
        const after = page.value.at(-1)?.key;
        if (!page.more || after === undefined) break;
        page = await store.list(prefix, { revision, limit, after });
      }
    }
  }

  /** One value that can't be read must not end the watches of all the others. */
  #decode(entry: Entry) {
    try {
      return this.#options.codec.decodeEntry(entry);
    } catch (err) {
      this.#options.logger.error({ err, key: entry.key }, "a value in the store can't be read");
      return undefined;
    }
  }
}

/** In the order of reference. @throws ConnectError INVALID_ARGUMENT */
function kindsFrom(words: readonly string[]): ReadonlySet<ResourceKind> {
  for (const word of words) {
    if (isResourceKind(word)) continue;
    const near = didYouMean(word, resourceKindNames);
    const all = resourceKindNames.join(", ");
    throw invalidArgument(`kinds: there is no kind "${word}"${near}; there are ${all}`);
  }
  const isWatched = (kind: ResourceKind) => words.length === 0 || words.includes(kind);
  return new Set(resourceKindNames.filter(isWatched));
}

function answerOf(
  revision: number,
  events: admin.ResourceEvent[],
  synced = false,
): admin.WatchResourcesResponse {
  return create(admin.WatchResourcesResponseSchema, { revision: BigInt(revision), events, synced });
}

/** What the client of any watch is told. What it means nothing to is logged. */
export function watchError(error: unknown, logger: Logger): ConnectError {
  if (error instanceof CompactedError) {
    return outOfRange(
      `what changed before revision ${error.compactedRevision} is no longer kept: start anew, from 0`,
    );
  }
  const known = connectErrorFrom(error);
  if (known) return known;
  logger.warn({ err: error }, "an admin's watch of the store was lost");
  return unavailable("the watch of the store was lost: watch again from the last revision");
}
