/**
 * One slot per key, which the newest item fills. Bounded by the number of keys: an item for one key
 * too many is refused, so that those who are known keep their slots.
 */
export class LatestSlots<T> {
  readonly #keysMax: number;
  /** In order of the first item of each key since it was last taken: nobody waits behind the eager. */
  #slots = new Map<string, T>();
  #overwritten = 0;
  #refused = 0;

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  /** How many keys have an item. */
  get size(): number {
    return this.#slots.size;
  }

  /** Items that a newer one of their key replaced before they were taken. */
  get overwritten(): number {
    return this.#overwritten;
  }

  /** Items that came when all slots were filled by other keys. */
  get refused(): number {
    return this.#refused;
  }

  put(key: string, item: T): void {
    const known = this.#slots.has(key);
    if (!known && this.#slots.size >= this.#keysMax) {
      this.#refused += 1;
      return;
    }
    if (known) this.#overwritten += 1;
    this.#slots.set(key, item);
  }

  /** The newest of each key that has one since the last take. */
  take(): ReadonlyMap<string, T> {
    const taken = this.#slots;
    this.#slots = new Map();
    return taken;
  }
}
