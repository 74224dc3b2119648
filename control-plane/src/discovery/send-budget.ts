/**
 * Bounds the memory of what is being sent: a fleet that starts cold would else have as many copies
 * of the snapshot in flight as it has nodes. What is small always goes.
 */
export class SendBudget {
  readonly #bytesMax: number;
  readonly #waiting = new Map<object, () => void>();
  readonly #taken = new Map<object, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** May this much be sent to this one now? If not, it is woken when it may be worth asking. */
  admits(who: object, bytes: number, wake: () => void): boolean {
    const admitted = bytes <= smallBytesMax || this.#bytes === 0 || this.#fits(who, bytes);
    if (admitted) this.#waiting.delete(who);
    else this.#waiting.set(who, wake);
    return admitted;
  }

  take(who: object, bytes: number): void {
    if (bytes <= smallBytesMax) return;
    this.#bytes += bytes;
    this.#taken.set(who, bytes);
    this.#wakeFirst();
  }

  /** It was answered, or the one it was for is gone. Idempotent. */
  release(who: object): void {
    const bytes = this.#taken.get(who) ?? 0;
    this.#taken.delete(who);
    this.#bytes -= bytes;
    if (bytes > 0) this.#wakeFirst();
  }

  /** The one is gone. */
  forget(who: object): void {
    const wasFirst = this.#first() === who;
    this.#waiting.delete(who);
    this.release(who);
    if (wasFirst) this.#wakeFirst();
  }

  /** First come, first served: a big one is not passed by those behind it for ever. */
  #fits(who: object, bytes: number): boolean {
    const first = this.#first();
    return (first === undefined || first === who) && this.#bytes + bytes <= this.#bytesMax;
  }

  #first(): object | undefined {
    return this.#waiting.keys().next().value;
  }

  #wakeFirst(): void {
    const wake = this.#waiting.values().next();
    if (!wake.done) wake.value();
  }
}

/** A few of these for every node are no matter. */
const smallBytesMax = 64 * 1024;
