import { systemClock } from "@headgate/core";

export interface UntilOptions {
  /** Default 90 s: nodes pause for 30 s at most; all else takes far less, also where much else runs. */
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/** What `probe` gives once it is not undefined, false or null. @throws naming `what` when it never is. */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  { withinMs = 90_000, everyMs = 50 }: UntilOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    // The compiler does not narrow a type parameter by comparisons.
    if (value != null && value !== false) return value as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs} ms for ${what}`);
    await systemClock.sleep(everyMs);
  }
}
