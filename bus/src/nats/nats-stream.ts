import type { Clock, Random } from "@headgate/core";
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
} from "../bus.ts";
import { assertData } from "../check-arguments.ts";
import { copyBytes } from "../copy-bytes.ts";
import { assertId, assertKept, consumeOptionsFrom, readOptionsFrom } from "../stream-options.ts";
import { type Appended, appendMessage } from "./append-message.ts";
import { ensureConsumer, type NatsConsumerConfig } from "./ensure-consumer.ts";
import { ensureStream, type NatsStreamConfig } from "./ensure-stream.ts";
import type { JetStreamApi } from "./jetstream-api.ts";
import { NatsConsumer } from "./nats-consumer.ts";
import type { NatsLink } from "./nats-link.ts";
import type { NatsRequests } from "./nats-requests.ts";
import type { NatsSubjects } from "./nats-subjects.ts";
import type { NatsWaits } from "./nats-waits.ts";
import { readBounds, readPage } from "./read-page.ts";
import { tryUntil } from "./try-until.ts";

export interface NatsStreamContext {
  readonly link: NatsLink;
  readonly requests: NatsRequests;
  readonly api: JetStreamApi;
  readonly subjects: NatsSubjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: NatsWaits;
  readonly replicas: number;
  readonly closing: AbortSignal;
  readonly onError: (error: unknown, subject: string) => void;
  /** Consumers in use. Disposed of with the bus. */
  readonly consumers: Set<NatsConsumer>;
}

/** What JetStream takes. */
const dedupWindowMinMs = 100;
const ackWaitMinMs = 1;
const nanosPerMs = 1_000_000;

/**
 * A stream of JetStream, kept on disk by `replicas` servers until `messagesMax` newer ones came.
 *
 * Before 2.10 a server writes to disk within two minutes, not before it acknowledges: a power loss of
 * all replicas loses what came last. From 2.10 set `sync_interval: always` where that matters.
 */
export class NatsStream implements DurableStream {
  readonly #options: Required<StreamOptions>;
  readonly #context: NatsStreamContext;
  /** As NATS has it. */
  readonly #name: string;

  constructor(options: Required<StreamOptions>, context: NatsStreamContext) {
    this.#options = options;
    this.#context = context;
    this.#name = context.subjects.stream(options.name);
  }

  /** @throws RangeError if it exists with other options; {BusUnavailableError}. */
  async open(): Promise<void> {
    const { api } = this.#context;
    const opening = async () => void (await ensureStream(api, this.#config()));
    await this.#trying(`opening stream "${this.#options.name}"`, opening);
  }

  async append(
    subject: string,
    data: Uint8Array,
    { id }: { readonly id?: string } = {},
  ): Promise<Appended> {
    this.#assertOpen();
    assertKept(this.#options, subject);
    assertData(data);
    assertId(id);
    const { subjects } = this.#context;
    const dedupWindowMs = Math.max(dedupWindowMinMs, this.#options.dedupWindowMs);
    const message = { subject: subjects.kept(subject), about: subject, data: copyBytes(data), id };
    const reopen = () => this.#reopen();
    const appending = { ...message, stream: this.#name, dedupWindowMs };
    return await appendMessage(appending, { ...this.#context, reopen });
  }

  async consume(options: ConsumeOptions, handler: DurableHandler): Promise<Subscription> {
    this.#assertOpen();
    const full = consumeOptionsFrom(options);
    const config = this.#consumerConfig(full);
    const { api, consumers, link } = this.#context;
    const ensure = async () => void (await ensureConsumer(api, this.#name, config));
    await this.#trying(`opening consumer "${full.durable}"`, async () => {
      await this.#reopen();
      await ensure();
    });
    const consumer = new NatsConsumer({
      ...{ ...this.#context, ...full, handler, path: `${this.#name}.${full.durable}` },
      reopen: async () => {
        await this.#reopen();
        await ensure();
      },
      onDispose: () => consumers.delete(consumer),
    });
    this.#assertOpen();
    consumers.add(consumer);
    link.add(consumer);
    consumer.start();
    return consumer;
  }

  async read(options: ReadOptions): Promise<readonly KeptMessage[]> {
    this.#assertOpen();
    const full = readOptionsFrom(options);
    const reading = () => readPage(full, { ...this.#context, stream: this.#name });
    return await this.#trying(`reading stream "${this.#options.name}"`, reading);
  }

  async bounds(): Promise<StreamBounds> {
    this.#assertOpen();
    const reading = () => readBounds({ ...this.#context, stream: this.#name });
    return await this.#trying(`reading stream "${this.#options.name}"`, reading);
  }

  /** It was there once. When it is gone, its server lost its data. */
  async #reopen(): Promise<void> {
    const { api, onError } = this.#context;
    const { name } = this.#options;
    if ((await ensureStream(api, this.#config())) === "existed") return;
    const lost = `stream "${name}" was gone, and is created anew: what it kept is lost`;
    onError(new Error(lost), name);
  }

  #config(): NatsStreamConfig {
    const { subjects: patterns, messagesMax, dedupWindowMs } = this.#options;
    const { subjects, replicas } = this.#context;
    return {
      name: this.#name,
      subjects: patterns.map((pattern) => subjects.kept(pattern)),
      max_msgs: messagesMax,
      duplicate_window: Math.round(Math.max(dedupWindowMinMs, dedupWindowMs) * nanosPerMs),
      num_replicas: replicas,
    };
  }

  #consumerConfig(options: Required<ConsumeOptions>): NatsConsumerConfig {
    const { durable, filter, ackWaitMs, inFlightMax } = options;
    return {
      durable_name: durable,
      ...(filter === ">" ? {} : { filter_subject: this.#context.subjects.kept(filter) }),
      ack_wait: Math.round(Math.max(ackWaitMinMs, ackWaitMs) * nanosPerMs),
      max_ack_pending: inFlightMax,
    };
  }

  #trying<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return tryUntil(attempt, { ...this.#context, what, withinMs: this.#context.waits.openMs });
  }

  #assertOpen(): void {
    if (this.#context.closing.aborted) throw new BusClosedError();
  }
}
