import type { Clock } from "@headgate/core";
import {
  BusClosedError,
  type ConsumeOptions,
  type DurableHandler,
  type DurableStream,
  type KeptMessage,
  type ReadOptions,
  type StreamBounds,
  type StreamOptions,
  type Subscription,
} from "./bus.ts";
import { assertData } from "./check-arguments.ts";
import { copyBytes } from "./copy-bytes.ts";
import { InProcessConsumer } from "./in-process-consumer.ts";
import { KeptMessages } from "./kept-messages.ts";
import { RecentIds } from "./recent-ids.ts";
import {
  assertId,
  assertKept,
  consumeOptionsFrom,
  readOptionsFrom,
  streamOptionsFrom,
} from "./stream-options.ts";
import { subjectMatches } from "./subject.ts";

export interface InProcessStreamContext {
  readonly clock: Clock;
  readonly onError: (error: unknown, subject: string) => void;
}

interface ConsumerInUse {
  readonly options: string;
  readonly consumer: InProcessConsumer;
}

/** Most ids remembered in a window; at most about 300 MB. */
const idsMax = 1_000_000;

/**
 * A durable stream that lives as long as the process: it outlasts subscriptions, not a restart.
 * Messages are kept until `messagesMax` newer ones came, acknowledged or not.
 */
export class InProcessStream implements DurableStream {
  readonly options: Required<StreamOptions>;
  readonly #context: InProcessStreamContext;
  readonly #messages: KeptMessages;
  readonly #recentIds: RecentIds;
  readonly #consumers = new Map<string, ConsumerInUse>();
  #closed = false;

  constructor(options: StreamOptions, context: InProcessStreamContext) {
    this.options = streamOptionsFrom(options);
    this.#context = context;
    this.#messages = new KeptMessages(this.options.messagesMax);
    const { dedupWindowMs: windowMs } = this.options;
    this.#recentIds = new RecentIds({ clock: context.clock, windowMs, idsMax });
  }

  async append(
    subject: string,
    data: Uint8Array,
    { id }: { readonly id?: string } = {},
  ): Promise<{ readonly sequence: number; readonly duplicate: boolean }> {
    this.#assertOpen();
    assertKept(this.options, subject);
    assertData(data);
    assertId(id);
    const known = id === undefined ? undefined : this.#recentIds.find(id);
    if (known !== undefined) return { sequence: known, duplicate: true };
    const timeMs = this.#context.clock.wallTimeMs();
    const sequence = this.#messages.append({ subject, data: copyBytes(data), timeMs });
    if (id !== undefined) this.#recentIds.remember(id, sequence);
    for (const { consumer } of this.#consumers.values()) consumer.notify();
    return { sequence, duplicate: false };
  }

  async consume(options: ConsumeOptions, handler: DurableHandler): Promise<Subscription> {
    this.#assertOpen();
    const full = consumeOptionsFrom(options);
    const inUse = this.#consumers.get(full.durable) ?? this.#addConsumer(full);
    if (inUse.options !== JSON.stringify(full)) {
      const message = `consumer "${full.durable}" exists with other options: ${inUse.options}`;
      throw new RangeError(message);
    }
    return inUse.consumer.subscribe(handler);
  }

  async read(options: ReadOptions): Promise<readonly KeptMessage[]> {
    this.#assertOpen();
    const { from, limit, filter } = readOptionsFrom(options);
    const page: KeptMessage[] = [];
    const { first, last } = this.#messages;
    for (let at = Math.max(from, first); at <= last && page.length < limit; at++) {
      const message = this.#messages.at(at);
      if (message && subjectMatches(filter, message.subject)) page.push(message);
    }
    return page;
  }

  async bounds(): Promise<StreamBounds> {
    this.#assertOpen();
    const { first, last } = this.#messages;
    return { first, last };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#consumers.values()].map(({ consumer }) => consumer.close()));
  }

  #addConsumer(options: Required<ConsumeOptions>): ConsumerInUse {
    const messages = this.#messages;
    const consumer = new InProcessConsumer({ ...options, ...this.#context, messages });
    const inUse = { options: JSON.stringify(options), consumer };
    this.#consumers.set(options.durable, inUse);
    return inUse;
  }

  #assertOpen(): void {
    if (this.#closed) throw new BusClosedError();
  }
}
