import type { Clock } from "@headgate/core";

export interface BeatOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** No beats from then on; the source is to end by itself. */
  readonly signal: AbortSignal;
}

/**
 * The items of a source as they come, and "beat" every so often. One item is fetched ahead, no
 * more: who does not read holds the source back. Beats that nobody reads are one.
 */
export async function* withBeats<T>(
  source: AsyncIterable<T>,
  { clock, everyMs, signal }: BeatOptions,
): AsyncGenerator<T | "beat"> {
  const iterator = source[Symbol.asyncIterator]();
  let arrived: (() => IteratorResult<T, unknown>) | undefined;
  let beats = false;
  let wake: () => void = () => undefined;
  const arrive = (result: () => IteratorResult<T, unknown>) => {
    arrived = result;
    wake();
  };
  const fetch = () => {
    iterator.next().then(
      (result) => arrive(() => result),
      (reason: unknown) =>
        arrive(() => {
          throw reason;
        }),
    );
  };
  const timer = clock.every(everyMs, () => {
    beats = true;
    wake();
  });
  const stop = () => timer[Symbol.dispose]();
  signal.addEventListener("abort", stop);
  try {
    fetch();
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      if (!arrived && !beats) await promise;
      if (beats) {
        beats = false;
        yield "beat";
      }
      const result = arrived?.();
      if (!result) continue;
      if (result.done) return;
      arrived = undefined;
      yield result.value;
      fetch();
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
