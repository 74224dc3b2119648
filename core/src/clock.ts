/**
 * The only door to time. Production code takes a Clock; nothing in the planes
 * calls Date.now() or setTimeout() directly, so that tests and simulations run
 * an hour in a millisecond.
 */
export interface Clock {
  /** Monotonic time in milliseconds. Only differences are meaningful. */
  now(): number;

  /** Wall-clock time in milliseconds since the epoch, for people and for other machines. */
  wallTimeMs(): number;

  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;

  /** Calls `task` every `ms` milliseconds until disposed. Does not keep the process alive. */
  every(ms: number, task: () => void): Disposable;
}

/** The clock of the running process. Waiting does not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTimeMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(done, ms);
      timer.unref();
      signal?.addEventListener("abort", done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    }),
  every: (ms, task) => {
    const timer = setInterval(task, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};
