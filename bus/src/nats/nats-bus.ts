import { type Random, systemRandom } from "@headgate/core";
import type { Msg } from "nats";
import {
  type Bus,
  BusClosedError,
  type BusStatus,
  BusTimeoutError,
  type DurableStream,
  type Message,
  type MessageHandler,
  type RequestOptions,
  type StreamOptions,
  type SubscribeOptions,
  type Subscription,
} from "../bus.ts";
import { assertCount, assertData, assertDuration, assertName } from "../check-arguments.ts";
import { copyBytes } from "../copy-bytes.ts";
import { streamOptionsFrom } from "../stream-options.ts";
import { assertPattern, assertSubject } from "../subject.ts";
import { JetStreamApi } from "./jetstream-api.ts";
import type { NatsBusOptions } from "./nats-bus-options.ts";
import type { NatsConsumer } from "./nats-consumer.ts";
import { NatsLink } from "./nats-link.ts";
import { NatsRequests } from "./nats-requests.ts";
import { NatsStream, type NatsStreamContext } from "./nats-stream.ts";
import { NatsSubjects } from "./nats-subjects.ts";
import { NatsSubscription } from "./nats-subscription.ts";
import { natsWaits } from "./nats-waits.ts";
import { serverAddressFrom } from "./server-address.ts";

/** A Bus over NATS. */
export interface NatsBus extends Bus {
  /** Whether there is a connection, after waiting for one at most `withinMs`. */
  reachable(withinMs: number): Promise<boolean>;
}

/**
 * A bus over NATS with JetStream, from 2.9. It does not wait for a connection: that is made in the
 * background, and again whenever it is lost, for as long as it takes. Meanwhile subscriptions wait,
 * publish() drops, and all that has an answer waits for a connection within its own time.
 *
 * @throws RangeError for options that could never work.
 */
export function connectNatsBus(options: NatsBusOptions): NatsBus {
  return new NatsBusOverLink(options);
}

const pendingMaxDefault = 10_000;

class NatsBusOverLink implements NatsBus {
  readonly #context: NatsStreamContext;
  readonly #subscriptions = new Set<NatsSubscription>();
  readonly #closing = new AbortController();
  #dropped = 0;
  #closed: Promise<void> | undefined;

  constructor(options: NatsBusOptions) {
    const { clock, random = systemRandom, onError = () => {}, replicas = 1 } = options;
    const waits = { ...natsWaits, ...options.waits };
    assertCount("replicas", replicas);
    const subjects = new NatsSubjects(options.prefix ?? "headgate");
    const link = linkFrom({ ...options, random, onError, waits });
    const requests = new NatsRequests(link, clock);
    this.#context = {
      ...{ link, requests, subjects, clock, random, waits, replicas, onError },
      ...{ api: new JetStreamApi(requests, waits.apiMs), closing: this.#closing.signal },
      consumers: new Set<NatsConsumer>(),
    };
    link.add(requests);
    link.start();
  }

  publish(subject: string, data: Uint8Array): void {
    this.#assertSendable(subject, data);
    this.#publish(this.#context.subjects.core(subject), data);
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
    const { link, subjects, onError } = this.#context;
    const subscription = new NatsSubscription({
      ...{ link, group, pendingMax, handler, onError, pattern: subjects.core(subject) },
      messageFrom: (message) => this.#messageFrom(message),
      onDispose: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    link.add(subscription);
    return subscription;
  }

  async request(
    subject: string,
    data: Uint8Array,
    { timeoutMs }: RequestOptions,
  ): Promise<Uint8Array> {
    this.#assertSendable(subject, data);
    assertDuration("timeoutMs", timeoutMs);
    const { link, requests, subjects, clock } = this.#context;
    const copy = copyBytes(data);
    const untilMs = clock.now() + timeoutMs;
    if (!(await link.reachable(timeoutMs, this.#closing.signal))) {
      this.#assertOpen();
      const message = `"${subject}" was not sent: no connection to NATS within ${timeoutMs} ms`;
      throw new BusTimeoutError(message);
    }
    const leftMs = Math.max(0, untilMs - clock.now());
    const request = { subject: subjects.core(subject), about: subject, data: copy };
    const answer = await requests.ask({ ...request, timeoutMs: leftMs });
    return copyBytes(answer.data);
  }

  async stream(options: StreamOptions): Promise<DurableStream> {
    this.#assertOpen();
    const stream = new NatsStream(streamOptionsFrom(options), this.#context);
    await stream.open();
    return stream;
  }

  status(): BusStatus {
    const { connected, reconnects } = this.#context.link;
    return { connected, droppedPublishes: this.#dropped, reconnects };
  }

  async reachable(withinMs: number): Promise<boolean> {
    return await this.#context.link.reachable(withinMs, this.#closing.signal);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { link, requests, consumers } = this.#context;
    this.#closing.abort();
    requests.close();
    const users = [...this.#subscriptions, ...consumers];
    await Promise.all(users.map((user) => user[Symbol.asyncDispose]()));
    await link.close();
  }

  #messageFrom({ subject, data, reply }: Msg): Message {
    // A copy, for what nats.js gives is a view of all that came with it.
    const message = { subject: this.#context.subjects.ours(subject), data: copyBytes(data) };
    if (reply === undefined || reply === "") return message;
    const respond = (answer: Uint8Array): void => {
      assertData(answer);
      this.#publish(reply, answer);
    };
    return { ...message, respond };
  }

  #publish(subject: string, data: Uint8Array): void {
    if (!this.#context.link.publish({ subject, data: copyBytes(data) })) this.#dropped += 1;
  }

  #assertSendable(subject: string, data: Uint8Array): void {
    this.#assertOpen();
    assertSubject(subject);
    assertData(data);
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new BusClosedError();
  }
}

type LinkOptions = NatsBusOptions & Pick<NatsStreamContext, "waits" | "onError" | "random">;

function linkFrom(options: LinkOptions): NatsLink {
  const { servers, name, tls, credentials, waits, clock, random, onError } = options;
  assertCount("the number of NATS servers", servers.length);
  const { connectMs, pingMs } = waits;
  return new NatsLink({
    addresses: shuffled(servers.map(serverAddressFrom), random),
    dial: { name, tls, credentials, connectMs, pingMs },
    ...{ waits, clock, random, onConnect: options.onConnect },
    onError: (error) => onError(error, ""),
  });
}

/** So that not all clients use the first server. */
function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
}
