import type { Clock } from "@headgate/core";
import {
  type Bus,
  BusClosedError,
  type BusStatus,
  BusTimeoutError,
  type DurableStream,
  type Message,
  type MessageHandler,
  NoRespondersError,
  type RequestOptions,
  type StreamOptions,
  type SubscribeOptions,
  type Subscription,
} from "./bus.ts";
import { assertCount, assertData, assertDuration, assertName } from "./check-arguments.ts";
import { copyBytes } from "./copy-bytes.ts";
import { InProcessStream } from "./in-process-stream.ts";
import { InProcessSubscription } from "./in-process-subscription.ts";
import { assertPattern, assertSubject, patternsOverlap } from "./subject.ts";

export interface InProcessBusOptions {
  readonly clock: Clock;
  /** Told of every handler that threw. */
  readonly onError?: (error: unknown, subject: string) => void;
}

/** A bus among the parts of one process. Its durable streams live as long as the process. */
export function createInProcessBus(options: InProcessBusOptions): Bus {
  return new InProcessBus(options);
}

const pendingMaxDefault = 10_000;

class InProcessBus implements Bus {
  readonly #clock: Clock;
  readonly #onError: (error: unknown, subject: string) => void;
  readonly #subscriptions = new Set<InProcessSubscription>();
  readonly #streams = new Map<string, InProcessStream>();
  /** What rejects the requests that wait for an answer. */
  readonly #waiting = new Set<(reason: Error) => void>();
  #deliveries = 0;
  #closed = false;

  constructor({ clock, onError = () => {} }: InProcessBusOptions) {
    this.#clock = clock;
    this.#onError = onError;
  }

  publish(subject: string, data: Uint8Array): void {
    this.#assertSendable(subject, data);
    this.#deliver({ subject, data: copyBytes(data) });
  }

  subscribe(
    subject: string,
    handler: MessageHandler,
    { group, pendingMax = pendingMaxDefault }: SubscribeOptions = {},
  ): Subscription {
    this.#assertOpen();
    assertPattern(subject);
    assertCount("pendingMax", pendingMax);
    if (group !== undefined) assertName("group", group);
    const subscription = new InProcessSubscription({
      ...{ pattern: subject, group, pendingMax, handler, onError: this.#onError },
      onDispose: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async request(
    subject: string,
    data: Uint8Array,
    { timeoutMs }: RequestOptions,
  ): Promise<Uint8Array> {
    this.#assertSendable(subject, data);
    assertDuration("timeoutMs", timeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const respond = (answer: Uint8Array): void => {
      assertData(answer);
      resolve(copyBytes(answer));
    };
    if (!this.#deliver({ subject, data: copyBytes(data), respond })) {
      throw new NoRespondersError(`nobody is subscribed to "${subject}"`);
    }
    const timer = new AbortController();
    void this.#clock.sleep(timeoutMs, timer.signal).then(() => {
      reject(new BusTimeoutError(`no answer to "${subject}" within ${timeoutMs} ms`));
    });
    this.#waiting.add(reject);
    return promise.finally(() => {
      this.#waiting.delete(reject);
      timer.abort();
    });
  }

  async stream(options: StreamOptions): Promise<DurableStream> {
    this.#assertOpen();
    const context = { clock: this.#clock, onError: this.#onError };
    const stream = new InProcessStream(options, context);
    const existing = this.#streams.get(options.name);
    if (existing) return assertSame(existing, stream);
    for (const other of this.#streams.values()) assertApart(other, stream);
    this.#streams.set(options.name, stream);
    return stream;
  }

  status(): BusStatus {
    return { connected: !this.#closed, droppedPublishes: 0, reconnects: 0 };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const reject of [...this.#waiting]) reject(new BusClosedError());
    await Promise.all([
      ...[...this.#subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()),
      ...[...this.#streams.values()].map((stream) => stream.close()),
    ]);
  }

  /** Give it to each subscriber, and to one member of each group. False if there is nobody. */
  #deliver(message: Message): boolean {
    const covering = [...this.#subscriptions].filter((one) => one.covers(message.subject));
    const chosen = new Map<string, InProcessSubscription>();
    for (const subscription of covering) {
      const { group } = subscription;
      if (group === undefined) this.#give(subscription, message);
      else chosen.set(group, lessBusy(chosen.get(group), subscription));
    }
    for (const subscription of chosen.values()) this.#give(subscription, message);
    return covering.length > 0;
  }

  #give(subscription: InProcessSubscription, message: Message): void {
    this.#deliveries += 1;
    subscription.lastServed = this.#deliveries;
    subscription.push(message);
  }

  #assertSendable(subject: string, data: Uint8Array): void {
    this.#assertOpen();
    assertSubject(subject);
    assertData(data);
  }

  #assertOpen(): void {
    if (this.#closed) throw new BusClosedError();
  }
}

/** The one with fewer messages waiting, or else the one served longer ago. */
function lessBusy(
  one: InProcessSubscription | undefined,
  other: InProcessSubscription,
): InProcessSubscription {
  if (!one) return other;
  return (one.pending - other.pending || one.lastServed - other.lastServed) <= 0 ? one : other;
}

function assertSame(existing: InProcessStream, wanted: InProcessStream): InProcessStream {
  const options = JSON.stringify(existing.options);
  if (options === JSON.stringify(wanted.options)) return existing;
  throw new RangeError(`stream "${wanted.options.name}" exists with other options: ${options}`);
}

function assertApart({ options: other }: InProcessStream, { options }: InProcessStream): void {
  for (const subject of options.subjects) {
    if (!other.subjects.some((taken) => patternsOverlap(subject, taken))) continue;
    throw new RangeError(`stream "${other.name}" keeps some subjects of "${subject}" already`);
  }
}
