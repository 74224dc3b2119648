import type { Lab } from "../lab.ts";
import { callNode } from "./call-node.ts";
import { Tally, type TallyReport } from "./tally.ts";

export interface LoadOptions {
  /** To each node. Default 10, at most 100. */
  readonly perSecond?: number;
  /** Default 30 s. */
  readonly timeoutMs?: number;
}

export interface LoadReport {
  readonly seconds: number;
  readonly nodes: Readonly<Record<string, TallyReport>>;
  /** All nodes together; the gap is the longest of any. */
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  /** At nodes that were away on purpose: see excuse(). Not among the others. */
  readonly excused: number;
  readonly maxGapMs: number;
  readonly truth: LoadTruth;
}

/** What the providers saw of the calls that have ended. */
export interface LoadTruth {
  /** Calls that reached a provider. */
  readonly seen: number;
  /** Of them, those that did more than once: attempts were retried. */
  readonly seenAgain: number;
  /** Answered, though no provider saw them. Never. */
  readonly answeredUnseen: readonly number[];
  /** Failed, though a provider saw them: work that somebody may pay for. */
  readonly failedSeen: number;
}

const perSecondMax = 100;
/** Under way at one node at a time; over it calls are skipped, and counted as such. */
const inFlightMax = 200;
/** Ten hours at the highest rate for a node. Bounds what is remembered of each call. */
const callsMax = 4_000_000;

/**
 * Calls every node of a lab at a steady rate, plain and streamed in turn, and keeps account. Each
 * client talks to its own node and to no other. Starts at once; `stop()` waits for calls under way,
 * disposing gives them up.
 */
export class LabLoad implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #options: Required<LoadOptions>;
  readonly #tallies = new Map<string, Tally>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #inFlight = new Map<string, Set<Promise<void>>>();
  readonly #excused = new Set<string>();
  readonly #startedMs = performance.now();
  readonly #givenUp = new AbortController();
  #endedMs: number | undefined;

  /** @throws RangeError for a rate out of range. */
  constructor(lab: Lab, { perSecond = 10, timeoutMs = 30_000 }: LoadOptions = {}) {
    if (!(perSecond > 0 && perSecond <= perSecondMax)) {
      throw new RangeError(`calls per second must be above 0, at most ${perSecondMax}`);
    }
    this.#lab = lab;
    this.#options = { perSecond, timeoutMs };
    for (const { name } of lab.nodes) {
      this.#tallies.set(name, new Tally(this.#startedMs));
      this.#inFlight.set(name, new Set());
      this.#timers.push(setInterval(() => this.#call(name), 1_000 / perSecond));
    }
  }

  /** This node is about to be killed: what fails there, from now until disposed, is counted apart. */
  excuse(name: string): Disposable {
    this.#excused.add(name);
    return {
      [Symbol.dispose]: () => {
        if (this.#excused.delete(name)) this.#tallies.get(name)?.forgive(performance.now());
      },
    };
  }

  async stop(): Promise<LoadReport> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#endedMs ??= performance.now();
    await Promise.all([...this.#inFlight.values()].flatMap((calls) => [...calls]));
    return this.report();
  }

  report(): LoadReport {
    const nowMs = this.#endedMs ?? performance.now();
    const nodes = [...this.#tallies].map(([name, tally]) => [name, tally.report(nowMs)] as const);
    const sum = (value: (report: TallyReport) => number) =>
      nodes.reduce((total, [, report]) => total + value(report), 0);
    return {
      seconds: (nowMs - this.#startedMs) / 1_000,
      nodes: Object.fromEntries(nodes),
      calls: sum(({ calls }) => calls),
      ok: sum(({ ok }) => ok),
      failed: sum(({ calls, ok }) => calls - ok),
      excused: sum(({ excused }) => excused),
      maxGapMs: Math.max(...nodes.map(([, report]) => report.maxGapMs)),
      truth: this.#truth(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#givenUp.abort();
    await this.stop();
  }

  #call(name: string): void {
    const tally = this.#tallies.get(name);
    const calls = this.#inFlight.get(name);
    if (!tally || !calls) return;
    const number = this.#lab.nextCallNumber();
    if (calls.size >= inFlightMax || number >= callsMax) return tally.skip();
    const call = this.#make(name, number, tally).finally(() => calls.delete(call));
    calls.add(call);
  }

  async #make(name: string, number: number, tally: Tally): Promise<void> {
    const startedMs = performance.now();
    const url = this.#lab.node(name).url("proxy");
    const { timeoutMs } = this.#options;
    const wasExcused = this.#excused.has(name);
    const { signal } = this.#givenUp;
    const failure = await callNode({ url, number, stream: number % 2 === 1, timeoutMs, signal });
    const excused = wasExcused || this.#excused.has(name);
    tally.add({ number, startedMs, endedMs: performance.now(), failure, excused });
  }

  #truth(): LoadTruth {
    const seenTimes = (number: number) =>
      this.#lab.providers.reduce((sum, { provider }) => sum + (provider.seen.get(number) ?? 0), 0);
    const numbersOf = (which: "answered" | "failed") =>
      [...this.#tallies.values()].flatMap((tally) => [...tally[which]]);
    const answered = numbersOf("answered");
    const failed = numbersOf("failed");
    const times = [...answered, ...failed].map(seenTimes);
    return {
      seen: times.filter((count) => count > 0).length,
      seenAgain: times.filter((count) => count > 1).length,
      answeredUnseen: answered.filter((number) => seenTimes(number) === 0),
      failedSeen: failed.filter((number) => seenTimes(number) > 0).length,
    };
  }
}
