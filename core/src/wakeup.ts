/** Lets any number of waiters sleep until something happened. Holds nothing but the waiters. */
export class Wakeup {
  readonly #waiters = new Set<() => void>();

  /** Resolves at the next notify(), or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiters = this.#waiters;
      waiters.add(done);
      signal.addEventListener("abort", done, { once: true });
      function done(): void {
        waiters.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      }
    });
  }

  notify(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}
