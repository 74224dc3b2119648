import { type Clock, Wakeup } from "@headgate/core";
import type { DurableHandler, DurableMessage, Message, Subscription } from "./bus.ts";
import { assertDuration } from "./check-arguments.ts";
import { HandlerLoop } from "./handler-loop.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { subjectMatches } from "./subject.ts";

export interface InProcessConsumerOptions {
  readonly filter: string;
  readonly ackWaitMs: number;
  readonly inFlightMax: number;
  readonly messages: KeptMessages;
  readonly clock: Clock;
  readonly onError: (error: unknown, subject: string) => void;
}

/** A message handed out and not acknowledged: with a handler, resting, or ready to come again. */
interface Outstanding {
  readonly sequence: number;
  deliveries: number;
  /** Ends the wait for the acknowledgement, or the rest after a nak. */
  timer: AbortController;
}

const retryBaseMs = 10;

/**
 * The place of one durable consumer in a stream. Each message is, in this order:
 *
 *   new -> outstanding (delivered -> resting -> ready -> delivered ...) -> acknowledged
 *
 * New ones are at `#next` and behind; what is before it and not outstanding is acknowledged. So the
 * state is bounded by `inFlightMax`, however far behind the consumer is.
 */
export class InProcessConsumer {
  readonly #options: InProcessConsumerOptions;
  readonly #outstanding = new Map<number, Outstanding>();
  /** Sequences to deliver again. One may have been acknowledged meanwhile. */
  readonly #ready: number[] = [];
  readonly #wakeup = new Wakeup();
  readonly #loops = new Set<HandlerLoop<DurableMessage>>();
  #next = 1;
  #closed = false;

  constructor(options: InProcessConsumerOptions) {
    this.#options = options;
  }

  /** Add a subscription, which shares the messages with the others. */
  subscribe(handler: DurableHandler): Subscription {
    const { ackWaitMs, onError } = this.#options;
    const loop = new HandlerLoop<DurableMessage>({
      take: () => this.#take(),
      wakeup: this.#wakeup,
      handle: handler,
      onError: (error, message) => {
        message.nak(Math.min(ackWaitMs, retryBaseMs * 2 ** (message.deliveries - 1)));
        onError(error, message.subject);
      },
    });
    this.#loops.add(loop);
    loop.start();
    const dispose = async (): Promise<void> => {
      this.#loops.delete(loop);
      await loop.stop();
    };
    return { dropped: 0, [Symbol.asyncDispose]: dispose };
  }

  /** There is a new message in the stream. */
  notify(): void {
    this.#wakeup.notify();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#outstanding.values()) timer.abort();
    await Promise.all([...this.#loops].map((loop) => loop.stop()));
  }

  #take(): DurableMessage | undefined {
    return this.#takeReady() ?? this.#takeNew();
  }

  #takeReady(): DurableMessage | undefined {
    for (let at = this.#ready.shift(); at !== undefined; at = this.#ready.shift()) {
      const outstanding = this.#outstanding.get(at);
      const message = this.#options.messages.at(at);
      if (outstanding && message) return this.#deliver(outstanding, message);
      // It was acknowledged late, or the stream dropped it.
      this.#outstanding.delete(at);
    }
    return undefined;
  }

  #takeNew(): DurableMessage | undefined {
    const { messages, filter, inFlightMax } = this.#options;
    if (this.#outstanding.size >= inFlightMax) return undefined;
    this.#next = Math.max(this.#next, messages.first);
    while (this.#next <= messages.last) {
      const sequence = this.#next;
      this.#next += 1;
      const message = messages.at(sequence);
      if (!message || !subjectMatches(filter, message.subject)) continue;
      const outstanding = { sequence, deliveries: 0, timer: new AbortController() };
      this.#outstanding.set(sequence, outstanding);
      return this.#deliver(outstanding, message);
    }
    return undefined;
  }

  #deliver(outstanding: Outstanding, { subject, data }: Message): DurableMessage {
    outstanding.deliveries += 1;
    const { sequence, deliveries } = outstanding;
    let answered = false;
    const nak = (delayMs = 0): void => {
      assertDuration("delayMs", delayMs);
      const superseded = outstanding.deliveries !== deliveries;
      if (answered || superseded || !this.#outstanding.has(sequence)) return;
      answered = true;
      this.#readyAfter(delayMs, outstanding);
    };
    const ack = (): void => {
      if (!answered) this.#acknowledge(outstanding);
      answered = true;
    };
    this.#readyAfter(this.#options.ackWaitMs, outstanding);
    return { subject, data, sequence, deliveries, ack, nak };
  }

  /** Also when it comes after the wait: late is better than twice. */
  #acknowledge({ sequence, timer }: Outstanding): void {
    timer.abort();
    this.#outstanding.delete(sequence);
    this.#wakeup.notify();
  }

  #readyAfter(ms: number, outstanding: Outstanding): void {
    outstanding.timer.abort();
    if (this.#closed) return;
    if (ms === 0) return this.#becomeReady(outstanding);
    const timer = new AbortController();
    outstanding.timer = timer;
    void this.#options.clock.sleep(ms, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#becomeReady(outstanding);
    });
  }

  #becomeReady({ sequence }: Outstanding): void {
    this.#ready.push(sequence);
    this.#wakeup.notify();
  }
}
