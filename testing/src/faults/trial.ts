import type { Lab, LabLoad } from "../lab/index.ts";
import type { PlanePart } from "../lab/parts/plane-part.ts";
import type { Measured } from "./fault.ts";
import { nodeVersion, readiness } from "./node-state.ts";
import type { RevocableKey } from "./revocable-key.ts";
import { until } from "./until.ts";
import type { WriteLedger } from "./write-ledger.ts";

/** How long it took, from a moment of the fault. */
export interface Recovery {
  /** What is counted from: `the fault`, or what mended it. */
  readonly from: string;
  /** Until a write that began afterwards was acknowledged. */
  readonly firstWriteMs: number;
  /** Until that write was in force at every node. */
  readonly convergedMs: number;
}

export interface RecoveryOptions {
  readonly from?: string;
  /** Those that can take writes. Default: any. */
  readonly replicas?: readonly PlanePart[];
  /** Those that can be told. Default: all. */
  readonly nodes?: readonly PlanePart[];
}

export interface TrialParts {
  readonly lab: Lab;
  readonly ledger: WriteLedger;
  readonly load: LabLoad;
  readonly keys: { readonly during: RevocableKey; readonly after: RevocableKey };
}

const pollMs = 100;

/** One fault being tried, with calls and writes under way: what it sees, and what it finds wrong. */
export class Trial {
  readonly lab: Lab;
  readonly ledger: WriteLedger;
  readonly load: LabLoad;
  readonly keys: TrialParts["keys"];
  readonly problems: string[] = [];
  readonly measured: Measured[] = [];
  #mendedMs = performance.now();

  constructor({ lab, ledger, load, keys }: TrialParts) {
    this.lab = lab;
    this.ledger = ledger;
    this.load = load;
    this.keys = keys;
  }

  /** When the fault ended; before it does, when the trial began. */
  get mendedMs(): number {
    return this.#mendedMs;
  }

  /** Now, or very soon: what follows is the end of the fault. */
  mends(): number {
    this.#mendedMs = performance.now();
    return this.#mendedMs;
  }

  check(holds: boolean, otherwise: string): void {
    if (!holds) this.problems.push(otherwise);
  }

  /** The time from `sinceMs` until now. */
  measure(label: string, sinceMs: number): void {
    this.measured.push({ label, ms: performance.now() - sinceMs });
  }

  /** From `sinceMs` until a write that began later is acknowledged, and then is at every node. */
  async recovery(sinceMs: number, options: RecoveryOptions = {}): Promise<Recovery> {
    const { from = "the fault", replicas, nodes = this.lab.nodes } = options;
    const names = replicas && new Set(replicas.map(({ name }) => name));
    const write = await until("a write to be acknowledged", () =>
      this.ledger.firstAcknowledged(sinceMs, names),
    );
    await Promise.all(nodes.map((node) => untilVersion(node, write.revision)));
    const convergedMs = performance.now() - sinceMs;
    return { from, firstWriteMs: write.endedMs - sinceMs, convergedMs };
  }

  /** A write that began since is acknowledged by each replica: all of them serve. */
  async untilEveryReplicaWrites(sinceMs: number): Promise<void> {
    for (const { name } of this.lab.controlPlanes) {
      await until(`a write to be acknowledged by ${name}`, () =>
        this.ledger.firstAcknowledged(sinceMs, new Set([name])),
      );
    }
  }

  /** Failing writes at each of these since, all of them with this code. */
  async untilRefusedWith(
    code: string,
    sinceMs: number,
    replicas: readonly PlanePart[],
  ): Promise<void> {
    for (const { name } of replicas) {
      await until(`a write to be refused with ${code} by ${name}`, () =>
        this.ledger.since(sinceMs).some((write) => write.replica === name && write.code === code),
      );
    }
  }

  /** Takes nodes away on purpose, until they serve again: what fails there is counted apart. */
  async without(nodes: readonly PlanePart[], work: () => Promise<void>): Promise<void> {
    const excuses = nodes.map(({ name }) => this.load.excuse(name));
    try {
      await work();
      await Promise.all(nodes.map(untilServing));
    } finally {
      for (const excuse of excuses) excuse[Symbol.dispose]();
    }
  }
}

export async function untilServing(node: PlanePart): Promise<void> {
  await until(`${node.name} to serve`, async () => (await readiness(node)) === 200);
}

async function untilVersion(node: PlanePart, version: number): Promise<void> {
  let seen = 0;
  const isThere = async () => {
    seen = await nodeVersion(node);
    return seen >= version;
  };
  await until(`${node.name} to have version ${version}`, isThere, { everyMs: pollMs }).catch(
    (error: Error) => {
      throw new Error(`${error.message}; it has ${seen}. Its last output:\n${node.tail(5)}`);
    },
  );
}
