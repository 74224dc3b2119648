import { type Clock, fullJitterMs, type Random, Wakeup } from "@headgate/core";
import type { Msg } from "nats";
import type { ConsumeOptions, DurableHandler, DurableMessage, Subscription } from "../bus.ts";
import { assertDuration } from "../check-arguments.ts";
import { HandlerLoop } from "../handler-loop.ts";
import { type Delivery, deliveryFrom } from "./delivery.ts";
import type { NatsLink, Passenger } from "./nats-link.ts";
import type { NatsSubjects } from "./nats-subjects.ts";
import type { NatsWaits } from "./nats-waits.ts";
import { PullSession } from "./pull-session.ts";
import { reasonFrom } from "./try-until.ts";

export interface NatsConsumerOptions extends Required<ConsumeOptions> {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: NatsWaits;
  readonly subjects: NatsSubjects;
  /** As NATS has them: "stream.consumer". */
  readonly path: string;
  readonly handler: DurableHandler;
  /** Creates the stream and the consumer, should they be gone. */
  readonly reopen: () => Promise<void>;
  readonly onError: (error: unknown, subject: string) => void;
  /** Called once, when it is disposed of. */
  readonly onDispose: () => void;
}

const retryBaseMs = 10;
const reopenPause = { baseMs: 100, maxMs: 5000 };
/** Messages fetched ahead of the handler at most ... */
const aheadMax = 64;
/** ... and none when the wait is too short to keep them from coming again. */
const aheadWaitMinMs = 1000;

/**
 * One subscription of a durable consumer, over all connections. The server keeps the consumer's
 * place; here are only some messages that were fetched ahead. While they wait for the handler, the
 * server is told that we are at them, so the wait for an acknowledgement starts with the handler.
 */
export class NatsConsumer implements Subscription, Passenger {
  /** What the handler is too slow for stays in the stream. */
  readonly dropped = 0;
  readonly #options: NatsConsumerOptions;
  readonly #roomMax: number;
  /** In order; at most `#roomMax`. */
  readonly #queue: Delivery[] = [];
  readonly #wakeup = new Wakeup();
  readonly #loop: HandlerLoop<DurableMessage>;
  readonly #stopper = new AbortController();
  readonly #keepAlive: Disposable | undefined;
  #handling = false;
  #session: PullSession | undefined;
  #pulling: Promise<void> = Promise.resolve();
  #lastTrouble = "";

  constructor(options: NatsConsumerOptions) {
    const { ackWaitMs, inFlightMax, handler, onError, clock } = options;
    this.#options = options;
    this.#roomMax = ackWaitMs < aheadWaitMinMs ? 1 : Math.min(aheadMax, inFlightMax);
    if (this.#roomMax > 1) this.#keepAlive = clock.every(ackWaitMs / 3, () => this.#refreshAll());
    this.#loop = new HandlerLoop<DurableMessage>({
      take: () => this.#take(),
      wakeup: this.#wakeup,
      handle: handler,
      onError: (error, message) => {
        message.nak(Math.min(ackWaitMs, retryBaseMs * 2 ** Math.min(30, message.deliveries - 1)));
        onError(error, message.subject);
      },
    });
  }

  /** The stream and the consumer exist. */
  start(): void {
    this.#loop.start();
    this.#pulling = this.#run(this.#stopper.signal);
  }

  attach(): void {}

  detach(): void {
    this.#session?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.#loop.stop();
    if (!this.#stopper.signal.aborted) {
      this.#stopper.abort();
      this.#keepAlive?.[Symbol.dispose]();
      this.#options.onDispose();
      await this.#session?.drain();
      for (const { reply } of this.#queue.splice(0)) this.#answer(reply, "-NAK");
      this.#options.link.remove(this);
    }
    await Promise.all([stopped, this.#pulling]);
  }

  /** Pulls on one connection after the other. */
  async #run(signal: AbortSignal): Promise<void> {
    const { link, clock, random } = this.#options;
    let isOpen = true;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const isConnected = await link.reachable(reachableMs, signal);
      isOpen = isConnected && (isOpen || (await this.#reopen()));
      if (isOpen && !signal.aborted) {
        const reason = await this.#pull();
        if (reason === undefined) attempt = 0;
        else this.#tell(`is opened again: ${reason}`);
      }
      isOpen = false;
      await clock.sleep(fullJitterMs({ attempt, ...reopenPause, random }), signal);
    }
  }

  async #pull(): Promise<string | undefined> {
    const { link, clock, waits, path } = this.#options;
    const session = new PullSession({
      ...{ link, clock, waits, path, roomMax: this.#roomMax },
      // Without room ahead, the one with the handler counts.
      waiting: () => this.#queue.length + (this.#roomMax === 1 && this.#handling ? 1 : 0),
      receive: (message) => this.#receive(message),
    });
    this.#session = session;
    return await session.ended;
  }

  async #reopen(): Promise<boolean> {
    try {
      await this.#options.reopen();
      this.#lastTrouble = "";
      return true;
    } catch (error) {
      if (!this.#stopper.signal.aborted) this.#tell(`cannot be opened: ${reasonFrom(error)}`);
      return false;
    }
  }

  #receive(message: Msg): void {
    const { clock, ackWaitMs } = this.#options;
    const delivery = deliveryFrom(message, { nowMs: clock.now(), ackWaitMs });
    if (!delivery) return;
    if (this.#stopper.signal.aborted) return this.#answer(delivery.reply, "-NAK");
    this.#queue.push(delivery);
    this.#wakeup.notify();
  }

  #take(): DurableMessage | undefined {
    const delivery = this.#next();
    this.#handling = delivery !== undefined;
    this.#session?.ask();
    return delivery && this.#messageFrom(delivery);
  }

  /** Passes over those that the server brings again by now, to us or to another. */
  #next(): Delivery | undefined {
    const { clock, ackWaitMs } = this.#options;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const waitedMs = clock.now() - (next.dueMs - ackWaitMs);
      if (waitedMs >= ackWaitMs) continue;
      if (this.#roomMax > 1 && waitedMs > ackWaitMs / 100) this.#answer(next.reply, "+WPI");
      return next;
    }
    return undefined;
  }

  #messageFrom({ subject, data, reply, sequence, deliveries }: Delivery): DurableMessage {
    let answered = false;
    const answer = (text: string): void => {
      if (!answered) this.#answer(reply, text);
      answered = true;
    };
    return {
      ...{ subject: this.#options.subjects.ours(subject), data, sequence, deliveries },
      ack: () => answer("+ACK"),
      nak: (delayMs = 0) => {
        assertDuration("delayMs", delayMs);
        const delay = Math.round(delayMs * nanosPerMs);
        answer(delay === 0 ? "-NAK" : `-NAK ${JSON.stringify({ delay })}`);
      },
    };
  }

  /** For those that wait. They are not brought again meanwhile. */
  #refreshAll(): void {
    const { clock, ackWaitMs, link } = this.#options;
    const nowMs = clock.now();
    for (const delivery of this.#queue) {
      if (nowMs >= delivery.dueMs || !link.connected) continue;
      this.#answer(delivery.reply, "+WPI");
      delivery.dueMs = nowMs + ackWaitMs;
    }
  }

  /** Without a connection it is lost, and the message comes again. */
  #answer(reply: string, text: string): void {
    this.#options.link.send({ subject: reply, data: new TextEncoder().encode(text) });
  }

  #tell(trouble: string): void {
    const { durable, onError, path } = this.#options;
    if (trouble === this.#lastTrouble) return;
    this.#lastTrouble = trouble;
    onError(new Error(`consumer "${durable}" ${trouble}`), path);
  }
}

const nanosPerMs = 1_000_000;
/** Between looks whether there is a connection; only so that no wait is forever. */
const reachableMs = 60_000;
