/** First in, first out; when it is full, the oldest makes room. */
export class BoundedQueue<T> {
  readonly #max: number;
  #items: T[] = [];
  /** Where the oldest is. What is before it was taken, and is cut off from time to time. */
  #head = 0;
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** How many had to make room. */
  get dropped(): number {
    return this.#dropped;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.size <= this.#max) return;
    this.shift();
    this.#dropped += 1;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    // Cut when half is taken: each item is moved once on average.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
