import type { Clock } from "@headgate/core";
import {
  BusClosedError,
  busLimits,
  type ConsumeOptions,
  type DurableHandler,
  type DurableStream,
  type StreamOptions,
  type Subscription,
} from "./bus.ts";
import { assertCount, assertData, assertDuration, assertName } from "./check-arguments.ts";
import { InProcessConsumer } from "./in-process-consumer.ts";
import { KeptMessages } from "./kept-messages.ts";
import { RecentIds } from "./recent-ids.ts";
import { assertPattern, assertSubject, subjectMatches } from "./subject.ts";

export interface InProcessStreamContext {
  readonly clock: Clock;
  readonly onError: (error: unknown, subject: string) => void;
}

interface ConsumerInUse {
  readonly options: string;
  readonly consumer: InProcessConsumer;
}

const defaults = { messagesMax: 100_000, dedupWindowMs: 120_000 };
const consumerDefaults = { filter: ">", ackWaitMs: 30_000, inFlightMax: 100 };

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
    this.#assertKept(subject);
    assertData(data);
    assertId(id);
    const known = id === undefined ? undefined : this.#recentIds.find(id);
    if (known !== undefined) return { sequence: known, duplicate: true };
    const sequence = this.#messages.append({ subject, data: data.slice() });
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

  #assertKept(subject: string): void {
    assertSubject(subject);
    const { name, subjects } = this.options;
    if (subjects.some((pattern) => subjectMatches(pattern, subject))) return;
    throw new RangeError(`stream "${name}" keeps ${subjects.join(", ")}, not "${subject}"`);
  }

  #assertOpen(): void {
    if (this.#closed) throw new BusClosedError();
  }
}

function streamOptionsFrom(options: StreamOptions): Required<StreamOptions> {
  const { name, subjects, messagesMax, dedupWindowMs } = { ...defaults, ...options };
  assertName("stream", name);
  assertCount("the number of subjects", subjects.length);
  for (const subject of subjects) assertPattern(subject);
  assertCount("messagesMax", messagesMax);
  assertDuration("dedupWindowMs", dedupWindowMs);
  return { name, subjects, messagesMax, dedupWindowMs };
}

function consumeOptionsFrom(options: ConsumeOptions): Required<ConsumeOptions> {
  const { durable, filter, ackWaitMs, inFlightMax } = { ...consumerDefaults, ...options };
  assertName("consumer", durable);
  assertPattern(filter);
  assertDuration("ackWaitMs", ackWaitMs);
  assertCount("inFlightMax", inFlightMax);
  return { durable, filter, ackWaitMs, inFlightMax };
}

function assertId(id = ""): void {
  if (id.length <= busLimits.idCharactersMax) return;
  throw new RangeError(`a message id has at most ${busLimits.idCharactersMax} characters`);
}
