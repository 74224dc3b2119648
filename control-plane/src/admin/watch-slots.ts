import { resourceExhausted } from "./admin-errors.ts";

/** How many streams one replica holds open for admins at once. */
export class WatchSlots {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws ConnectError RESOURCE_EXHAUSTED when all are taken. Dispose to give it back. */
  take(): Disposable {
    if (this.#taken >= this.#max) {
      throw resourceExhausted(
        `this replica has ${this.#max} watches open, as many as it may: end one, or ask another`,
      );
    }
    this.#taken += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#taken -= 1;
        held = false;
      },
    };
  }
}
