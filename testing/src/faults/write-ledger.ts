/**
 * How a write ended, as its writer knows it: `refused` means that it surely was not made, `unknown`
 * that it may or may not have been.
 */
export type WriteOutcome = "acknowledged" | "refused" | "unknown";

export interface Write {
  readonly kind: "team" | "key";
  /** Unique in the ledger. */
  readonly name: string;
  /** The control plane asked, by the name of its part. */
  readonly replica: string;
  /** Monotonic. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly outcome: WriteOutcome;
  /** Empty when it was acknowledged, else the word for the error: `UNAVAILABLE`. */
  readonly code: string;
  /** Of the store, when it was acknowledged. */
  readonly revision: number;
}

/** A lab's tests make some thousands. */
const writesMax = 100_000;

/** Every write that was tried, and what became of it. Only grows: what was acknowledged once must stay. */
export class WriteLedger {
  readonly #writes: Write[] = [];
  #names = 0;

  nextName(): string {
    this.#names += 1;
    return `written-${this.#names}`;
  }

  add(write: Write): void {
    if (this.#writes.length >= writesMax) throw new RangeError(`more than ${writesMax} writes`);
    this.#writes.push(write);
  }

  get all(): readonly Write[] {
    return this.#writes;
  }

  /** Those that began since, in the order in which they ended. */
  since(startedMs: number): readonly Write[] {
    return this.#writes.filter((write) => write.startedMs >= startedMs);
  }

  /** The first to be acknowledged of those that began since, at these replicas only. */
  firstAcknowledged(startedMs: number, replicas?: ReadonlySet<string>): Write | undefined {
    return this.#writes.find(
      (write) =>
        write.startedMs >= startedMs &&
        write.outcome === "acknowledged" &&
        (replicas?.has(write.replica) ?? true),
    );
  }
}

/** The longest time without an acknowledged write, from `fromMs` to `toMs`. */
export function longestWriteGapMs(
  writes: readonly Write[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number {
  const endsMs = writes
    .filter(({ outcome, endedMs }) => outcome === "acknowledged" && endedMs > fromMs)
    .map(({ endedMs }) => Math.min(endedMs, toMs))
    .toSorted((a, b) => a - b);
  let [gapMs, lastMs] = [0, fromMs];
  for (const endMs of [...endsMs, toMs]) {
    gapMs = Math.max(gapMs, endMs - lastMs);
    lastMs = endMs;
  }
  return gapMs;
}
