/** How one call ended. */
export interface Outcome {
  readonly number: number;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Undefined when it was answered in full. */
  readonly failure: string | undefined;
  /** If it failed, it is counted apart: its node was killed on purpose. */
  readonly excused?: boolean;
}

export interface TallyReport {
  readonly calls: number;
  readonly ok: number;
  /** How many, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Failed while the node was away on purpose; not among the calls. */
  readonly excused: number;
  /** Not made, since too many were under way: the rate was not kept. */
  readonly skipped: number;
  /** Longest time without an answered call, from the start until now. */
  readonly maxGapMs: number;
  /** Of answered calls. Undefined when there is none. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** Latencies kept; of a longer load, the newest. */
const latenciesMax = 100_000;
/** Reasons told apart; others are counted together. */
const reasonsMax = 50;

/** Counts the calls to one node. */
export class Tally {
  readonly failed = new Set<number>();
  readonly answered = new Set<number>();
  readonly #latenciesMs: number[] = [];
  readonly #failures = new Map<string, number>();
  #ended = 0;
  #excused = 0;
  #skipped = 0;
  #lastOkMs: number;
  #maxGapMs = 0;

  constructor(nowMs: number) {
    this.#lastOkMs = nowMs;
  }

  add({ number, startedMs, endedMs, failure, excused = false }: Outcome): void {
    if (failure !== undefined && excused) {
      this.#excused += 1;
      return;
    }
    this.#ended += 1;
    if (failure !== undefined) {
      this.failed.add(number);
      this.#fail(failure);
      return;
    }
    this.answered.add(number);
    this.#latenciesMs[this.answered.size % latenciesMax] = endedMs - startedMs;
    this.#maxGapMs = Math.max(this.#maxGapMs, endedMs - this.#lastOkMs);
    this.#lastOkMs = Math.max(this.#lastOkMs, endedMs);
  }

  skip(): void {
    this.#skipped += 1;
  }

  /** The time since the last answer is no gap: the node was away on purpose. */
  forgive(nowMs: number): void {
    this.#lastOkMs = nowMs;
  }

  report(nowMs: number): TallyReport {
    const sorted = this.#latenciesMs.filter((value) => value !== undefined).sort((a, b) => a - b);
    const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1];
    return {
      calls: this.#ended,
      ok: this.answered.size,
      failures: Object.fromEntries(this.#failures),
      excused: this.#excused,
      skipped: this.#skipped,
      maxGapMs: Math.max(this.#maxGapMs, nowMs - this.#lastOkMs),
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    };
  }

  #fail(reason: string): void {
    const known = this.#failures.has(reason) || this.#failures.size < reasonsMax;
    const counted = known ? reason : "other reasons";
    this.#failures.set(counted, (this.#failures.get(counted) ?? 0) + 1);
  }
}
