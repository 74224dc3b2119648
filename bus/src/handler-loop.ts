import { setImmediate } from "node:timers/promises";
import type { Wakeup } from "@headgate/core";

export interface HandlerLoopOptions<T> {
  /** The next item, if there is one now. */
  readonly take: () => T | undefined;
  /** Notified when there may be one. */
  readonly wakeup: Wakeup;
  readonly handle: (item: T) => void | Promise<void>;
  /** Told when `handle` threw. The loop goes on. */
  readonly onError: (error: unknown, item: T) => void;
}

/** Items handled before the rest of the process gets its turn. */
const handledMax = 256;

/** Gives items to a handler in order, one call at a time, until stopped. Never calls it from start(). */
export class HandlerLoop<T> {
  readonly #options: HandlerLoopOptions<T>;
  readonly #stopper = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(options: HandlerLoopOptions<T>) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run(this.#stopper.signal);
  }

  /** Take no more, and wait for the call that is running. Idempotent. */
  async stop(): Promise<void> {
    this.#stopper.abort();
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { take, wakeup } = this.#options;
    await Promise.resolve();
    for (let handled = 0; !signal.aborted; ) {
      const item = take();
      if (item === undefined) {
        await wakeup.wait(signal);
        continue;
      }
      await this.#handle(item);
      handled += 1;
      if (handled % handledMax === 0) await setImmediate();
    }
  }

  async #handle(item: T): Promise<void> {
    try {
      await this.#options.handle(item);
    } catch (error) {
      this.#options.onError(error, item);
    }
  }
}
