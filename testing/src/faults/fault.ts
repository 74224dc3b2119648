import type { LoadReport } from "../lab/index.ts";
import type { Recovery, Trial } from "./trial.ts";

/** Something that breaks, and how it is tried. */
export interface Fault {
  /** As the table calls it. */
  readonly name: string;
  /** Why it can't be tried on this machine, if so. */
  readonly unavailable?: () => string | undefined;
  /**
   * Breaks it, mends it, and finds out how long service took to come back: from the beginning where
   * service goes on meanwhile, else from the end. What is left broken is mended afterwards.
   */
  readonly run: (trial: Trial) => Promise<Recovery>;
}

/** A time worth a word in the table. */
export interface Measured {
  readonly label: string;
  readonly ms: number;
}

export interface FaultReport {
  readonly name: string;
  /** What is wrong. Empty: all that must hold did. */
  readonly problems: readonly string[];
  /** Undefined when it did not come to that. */
  readonly recovery: Recovery | undefined;
  readonly measured: readonly Measured[];
  readonly load: LoadReport;
  readonly writes: WriteSummary;
}

export interface WriteSummary {
  readonly acknowledged: number;
  /** By the word for the error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Longest time without an acknowledged one, from the beginning to the end of the trial. */
  readonly longestGapMs: number;
}
