import { type Lab, LabLoad, type LabOptions, type LoadReport, startLab } from "../lab/index.ts";
import { checkLedger } from "./check-ledger.ts";
import type { Fault, FaultReport, WriteSummary } from "./fault.ts";
import { restore } from "./restore.ts";
import { RevocableKey } from "./revocable-key.ts";
import { SteadyWriter } from "./steady-writer.ts";
import { throughAnyReplica } from "./through-any-replica.ts";
import { type Recovery, Trial } from "./trial.ts";
import { longestWriteGapMs, type Write, WriteLedger } from "./write-ledger.ts";

/** A lab, and all that was ever written in it. */
export interface World extends AsyncDisposable {
  readonly lab: Lab;
  readonly ledger: WriteLedger;
}

export async function startWorld(options?: LabOptions): Promise<World> {
  const lab = await startLab(options);
  const end = () => lab[Symbol.asyncDispose]();
  return { lab, ledger: new WriteLedger(), [Symbol.asyncDispose]: end };
}

/** Calls to each node per second: plain and streamed in turn. */
const callsPerSecond = 10;
/** A call that takes longer failed. Fakes answer at once. */
const callTimeoutMs = 20_000;
/** A healthy node answers ten calls a second, also where much else runs. */
const longestGapMaxMs = 15_000;

/**
 * Tries one fault with calls to every node and writes through every replica under way, and checks
 * what must hold whatever breaks:
 *
 * - no call fails at a node that runs, and none is answered that no provider saw;
 * - no acknowledged write is lost, none is made twice, none that was refused is made;
 * - all replicas take writes again, and all nodes are up to date, without anybody's help;
 * - keys revoked during and after the fault are refused at every node.
 *
 * Never throws for what it finds; leaves the lab whole.
 */
export async function tryFault({ lab, ledger }: World, fault: Fault): Promise<FaultReport> {
  const [fromMs, fromWallMs] = [performance.now(), Date.now()];
  const problems: string[] = [];
  let trial: Trial | undefined;
  let recovery: Recovery | undefined;
  const writer = new SteadyWriter(lab, ledger);
  const load = new LabLoad(lab, { perSecond: callsPerSecond, timeoutMs: callTimeoutMs });
  try {
    trial = await begin(lab, ledger, load);
    recovery = await fault.run(trial);
    await finish(trial);
  } catch (error) {
    problems.push(messageOf(error));
  } finally {
    await restore(lab).catch((error: unknown) => problems.push(messageOf(error)));
  }
  const [loadReport] = await Promise.all([load.stop(), writer.stop()]);
  const writes = summaryOf(ledger.since(fromMs), { fromMs, toMs: performance.now() });
  problems.push(...(trial?.problems ?? []), ...loadProblems(loadReport));
  const lost = await throughAnyReplica(lab, "the store to be read", (client) =>
    checkLedger(client, ledger, fromWallMs),
  ).catch((error: unknown) => [messageOf(error)]);
  problems.push(...lost);
  const measured = trial?.measured ?? [];
  return { name: fault.name, problems, recovery, measured, load: loadReport, writes };
}

/** Service as it should be, so that what is seen afterwards is of this fault. */
async function begin(lab: Lab, ledger: WriteLedger, load: LabLoad): Promise<Trial> {
  const id = ledger.nextName();
  const [during, after] = await Promise.all([
    RevocableKey.create(lab, `revoked-during-${id}`),
    RevocableKey.create(lab, `revoked-after-${id}`),
  ]);
  const trial = new Trial({ lab, ledger, load, keys: { during, after } });
  const fromMs = performance.now();
  await trial.untilEveryReplicaWrites(fromMs);
  await trial.recovery(fromMs);
  return trial;
}

async function finish(trial: Trial): Promise<void> {
  const { during, after } = trial.keys;
  await trial.untilEveryReplicaWrites(trial.mendedMs);
  await after.revoke();
  await trial.recovery(performance.now());
  for (const key of [during, after]) if (key.isRevoked) await key.untilRefused();
}

function loadProblems({ nodes, truth }: LoadReport): readonly string[] {
  return [
    ...Object.entries(nodes).flatMap(([name, { failures, skipped, maxGapMs, ok }]) => [
      ...Object.entries(failures).map(([why, count]) => `${count} calls failed at ${name}: ${why}`),
      ...(ok === 0 ? [`no call was answered at ${name}`] : []),
      ...(skipped > 0 ? [`${skipped} calls were not made at ${name}: too many waited`] : []),
      ...(maxGapMs > longestGapMaxMs ? [`${name} answered nothing for ${maxGapMs} ms`] : []),
    ]),
    ...truth.answeredUnseen.map((number) => `call ${number} was answered, and no provider saw it`),
  ];
}

function summaryOf(
  writes: readonly Write[],
  times: { readonly fromMs: number; readonly toMs: number },
): WriteSummary {
  const failed: Record<string, number> = {};
  for (const { outcome, code } of writes) {
    if (outcome !== "acknowledged") failed[code] = (failed[code] ?? 0) + 1;
  }
  const acknowledged = writes.filter(({ outcome }) => outcome === "acknowledged").length;
  return { acknowledged, failed, longestGapMs: longestWriteGapMs(writes, times) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
