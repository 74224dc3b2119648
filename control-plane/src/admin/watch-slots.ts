import { resourceExhausted } from "./admin-errors.ts";

/** How many streams one replica holds open for admins at once. */
export class WatchSlots {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Dispose to give it back. That also happens when `signal` aborts: a stream that nobody reads any
   * more never gets to its end.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED when all are taken.
   */
  take(signal: AbortSignal): Disposable {
    if (this.#taken >= this.#max) {
      throw resourceExhausted(
        `this replica has ${this.#max} watches open, as many as it may: end one, or ask another`,
      );
    }
    this.#taken += 1;
    let held = true;
    const release = () => {
      if (held) this.#taken -= 1;
      held = false;
      signal.removeEventListener("abort", release);
    };
    signal.addEventListener("abort", release);
    if (signal.aborted) release();
    return { [Symbol.dispose]: release };
  }
}
