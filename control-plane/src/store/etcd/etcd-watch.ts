import type { Clock } from "@headgate/core";
import type { IWatchResponse } from "etcd3";
import { CompactedError, type WatchBatch } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { BatchAssembler } from "./batch-assembler.ts";
import { integerFrom } from "./entry-from.ts";
import type { EtcdCluster } from "./etcd-cluster.ts";
import { EtcdFailure } from "./etcd-failure.ts";
import type { KeySpace } from "./key-space.ts";
import { WatchStream } from "./watch-stream.ts";

export interface EtcdWatchOptions {
  readonly cluster: EtcdCluster;
  readonly keys: KeySpace;
  readonly clock: Clock;
  /** See EtcdStoreOptions. */
  readonly watchCheckMs: number;
  readonly prefix: string;
  readonly from: number;
  readonly signal: AbortSignal;
}

/**
 * A watch that outlives its member: when one dies, goes silent, or can no longer tell the present, it
 * goes on at another, behind the last whole revision it told.
 *
 * A member cut off from the others answers as if nothing were happening. So a silent watch asks two
 * things: a sign of life of the stream, and of the same member a read that needs the quorum. The
 * revision in etcd's sign of life is not used: it may be ahead of events that are still to come
 * (https://github.com/etcd-io/etcd/issues/15220).
 */
export class EtcdWatch {
  readonly #options: EtcdWatchOptions;
  readonly #ended: AbortSignal;
  #next: number;
  /** The latest revision that this watch knows to have been. */
  #seen = 0;
  #failures = 0;

  constructor(options: EtcdWatchOptions) {
    this.#options = options;
    this.#next = options.from;
    this.#ended = AbortSignal.any([options.signal, options.cluster.closed]);
  }

  /** Ends when `signal` aborts. @throws {CompactedError | StoreError} */
  async *batches(): AsyncGenerator<WatchBatch, void> {
    const { cluster } = this.#options;
    while (!this.#ended.aborted) {
      try {
        yield* this.#follow();
      } catch (error) {
        if (this.#ended.aborted) break;
        if (!isPassing(error)) throw error;
        await cluster.pause(this.#failures++, this.#ended);
      }
    }
    // Whichever came first.
    if (this.#ended.reason === cluster.closed.reason) cluster.assertOpen();
  }

  /** One stream, until it is lost or the watch ends. */
  async *#follow(): AsyncGenerator<WatchBatch, void> {
    const stream = await this.#openUnlessEnded();
    if (!stream) return;
    const close = () => stream.close();
    this.#ended.addEventListener("abort", close, { once: true });
    const assembler = new BatchAssembler(this.#options.keys, this.#next);
    try {
      while (!this.#options.signal.aborted) {
        for (const batch of assembler.add(await this.#response(stream))) {
          this.#next = batch.revision + 1;
          this.#seen = Math.max(this.#seen, batch.revision);
          this.#failures = 0;
          yield batch;
          if (this.#options.signal.aborted) return;
        }
      }
    } catch (error) {
      const lost = !this.#ended.aborted && !(error instanceof CompactedError);
      if (lost) this.#options.cluster.suspect(stream.member, error);
      throw error;
    } finally {
      this.#ended.removeEventListener("abort", close);
      stream.close();
    }
  }

  /** Undefined when the watch ends first, which may wait for no answer. */
  async #openUnlessEnded(): Promise<WatchStream | undefined> {
    const opening = this.#open();
    const ended = Promise.withResolvers<undefined>();
    const end = () => ended.resolve(undefined);
    this.#ended.addEventListener("abort", end, { once: true });
    try {
      const stream = await Promise.race([opening, ended.promise]);
      const closeLater = (late: WatchStream) => late.close();
      if (!stream) opening.then(closeLater, () => {});
      return stream;
    } finally {
      this.#ended.removeEventListener("abort", end);
    }
  }

  async #open(): Promise<WatchStream> {
    const { cluster, keys, prefix } = this.#options;
    // Compaction at revision n may forget also what was deleted in n, and etcd still lets us watch
    // from n (https://github.com/etcd-io/etcd/issues/18089). From n - 1 it says that it is compacted.
    const start_revision = Math.max(1, this.#next - 1);
    const create = { ...keys.range(prefix), start_revision, fragment: true };
    const { opened, revision } = await cluster.open((member, options) =>
      WatchStream.open(member, create, options),
    );
    if (revision < this.#seen) opened.close();
    this.#assertForward(revision);
    return opened;
  }

  /** @throws when the stream is lost, or can no longer be trusted. */
  async #response(stream: WatchStream): Promise<IWatchResponse> {
    let next = await this.#wait(stream);
    if (next === "silence") {
      stream.requestProgress();
      const [present, later] = await Promise.all([this.#present(stream), this.#wait(stream)]);
      this.#assertForward(present);
      next = later;
    }
    if (next === "silence") throw this.#lost(stream, "it went silent");
    if (next.done) throw this.#lost(stream, "the stream ended");
    stream.take();
    assertNotCancelled(next.value, stream);
    return next.value;
  }

  /** The next response, or "silence" when none comes in time. */
  async #wait(stream: WatchStream): Promise<IteratorResult<IWatchResponse> | "silence"> {
    const { clock, watchCheckMs } = this.#options;
    const settled = new AbortController();
    const late = clock.sleep(watchCheckMs, settled.signal);
    try {
      return await Promise.race([stream.next(), late.then(() => "silence" as const)]);
    } finally {
      settled.abort();
    }
  }

  async #present({ member }: WatchStream): Promise<number> {
    const present = await this.#options.cluster.presentAt(member, this.#options.watchCheckMs);
    if (present === undefined) throw new EtcdFailure("it can't tell the present", member.host);
    return present;
  }

  /** @throws {CompactedError} when etcd was set back, from a backup say: we would wait for ever. */
  #assertForward(present: number): void {
    if (present < this.#seen) throw new CompactedError(present);
    this.#seen = present;
  }

  #lost({ member }: WatchStream, why: string): EtcdFailure {
    return new EtcdFailure(`a watch was lost: ${why}`, member.host);
  }
}

/** Another member, or this one later, may go on with it. */
function isPassing(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === "unavailable";
  return !(error instanceof CompactedError || error instanceof RangeError);
}

function assertNotCancelled(response: IWatchResponse, { member }: WatchStream): void {
  if (!response.canceled) return;
  const compacted = integerFrom(response.compact_revision);
  if (compacted > 0) throw new CompactedError(compacted);
  throw new EtcdFailure(`a watch was cancelled: ${response.cancel_reason}`, member.host);
}
