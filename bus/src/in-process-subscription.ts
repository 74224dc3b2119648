import { Wakeup } from "@headgate/core";
import { BoundedQueue } from "./bounded-queue.ts";
import type { Message, MessageHandler, Subscription } from "./bus.ts";
import { HandlerLoop } from "./handler-loop.ts";
import { subjectMatches } from "./subject.ts";

export interface InProcessSubscriptionOptions {
  readonly pattern: string;
  readonly group: string | undefined;
  readonly pendingMax: number;
  readonly handler: MessageHandler;
  readonly onError: (error: unknown, subject: string) => void;
  /** Called once, when it is disposed of. */
  readonly onDispose: () => void;
}

/** One subscriber with its queue. */
export class InProcessSubscription implements Subscription {
  readonly group: string | undefined;
  /** Number of the last delivery of the bus that came here: groups take turns by it. */
  lastServed = 0;
  readonly #pattern: string;
  readonly #queue: BoundedQueue<Message>;
  readonly #wakeup = new Wakeup();
  readonly #loop: HandlerLoop<Message>;
  readonly #onDispose: () => void;

  constructor(options: InProcessSubscriptionOptions) {
    const { pattern, group, pendingMax, handler, onError, onDispose } = options;
    this.group = group;
    this.#pattern = pattern;
    this.#onDispose = onDispose;
    this.#queue = new BoundedQueue(pendingMax);
    this.#loop = new HandlerLoop({
      take: () => this.#queue.shift(),
      wakeup: this.#wakeup,
      handle: handler,
      onError: (error, message) => onError(error, message.subject),
    });
    this.#loop.start();
  }

  get pending(): number {
    return this.#queue.size;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  covers(subject: string): boolean {
    return subjectMatches(this.#pattern, subject);
  }

  push(message: Message): void {
    this.#queue.push(message);
    this.#wakeup.notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#onDispose();
    await this.#loop.stop();
  }
}
