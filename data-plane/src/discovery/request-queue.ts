/**
 * What we say on a stream, as the async iterable that a client call wants. Never
 * grows beyond a few: every request but the first answers a response.
 */
export class RequestQueue<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(request: T): void {
    this.#waiting.push(request);
    this.#wake();
  }

  /** Say what is still waiting, then nothing more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
