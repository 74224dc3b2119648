import { Wakeup } from "@headgate/core";
import type { Msg, Subscription as NatsCoreSubscription } from "nats";
import { BoundedQueue } from "../bounded-queue.ts";
import type { Message, MessageHandler, Subscription } from "../bus.ts";
import { HandlerLoop } from "../handler-loop.ts";
import type { NatsLink, Passenger } from "./nats-link.ts";

export interface NatsSubscriptionOptions {
  readonly link: NatsLink;
  /** As NATS has it. */
  readonly pattern: string;
  readonly group: string | undefined;
  readonly pendingMax: number;
  readonly messageFrom: (message: Msg) => Message;
  readonly handler: MessageHandler;
  readonly onError: (error: unknown, subject: string) => void;
  /** Called once, when it is disposed of. */
  readonly onDispose: () => void;
}

/**
 * One subscriber with its queue, over all connections. Messages are taken from the connection at
 * once, however slow the handler: nats.js would queue them without bound, and a server disconnects
 * clients that do not read.
 */
export class NatsSubscription implements Subscription, Passenger {
  readonly #options: NatsSubscriptionOptions;
  readonly #queue: BoundedQueue<Message>;
  readonly #wakeup = new Wakeup();
  readonly #loop: HandlerLoop<Message>;
  #current: NatsCoreSubscription | undefined;
  #disposed = false;

  constructor(options: NatsSubscriptionOptions) {
    this.#options = options;
    this.#queue = new BoundedQueue(options.pendingMax);
    this.#loop = new HandlerLoop({
      take: () => this.#queue.shift(),
      wakeup: this.#wakeup,
      handle: options.handler,
      onError: (error, message) => options.onError(error, message.subject),
    });
    this.#loop.start();
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  attach(): void {
    const { link, pattern, group, messageFrom } = this.#options;
    const receive = (message: Msg): void => {
      if (this.#disposed) return;
      this.#queue.push(messageFrom(message));
      this.#wakeup.notify();
    };
    this.#current = link.subscribe(pattern, receive, group);
  }

  detach(): void {
    this.#current = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#options.link.remove(this);
      this.#current?.unsubscribe();
      this.#options.onDispose();
    }
    await this.#loop.stop();
  }
}
