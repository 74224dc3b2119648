import type { KeptMessage } from "./bus.ts";

/** A run of messages with consecutive sequences from 1; the oldest make room for new ones. */
export class KeptMessages {
  readonly #max: number;
  readonly #messages = new Map<number, KeptMessage>();
  #last = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The oldest sequence kept; one past the last when there is none. */
  get first(): number {
    return this.#last - this.#messages.size + 1;
  }

  get last(): number {
    return this.#last;
  }

  at(sequence: number): KeptMessage | undefined {
    return this.#messages.get(sequence);
  }

  append(message: Omit<KeptMessage, "sequence">): number {
    if (this.#messages.size === this.#max) this.#messages.delete(this.first);
    this.#last += 1;
    this.#messages.set(this.#last, { ...message, sequence: this.#last });
    return this.#last;
  }
}
