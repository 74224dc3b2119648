import { systemClock } from "@headgate/core";
import type { PlanePart } from "../../lab/parts/plane-part.ts";
import { createRevision } from "../etcd-gateway.ts";
import type { Fault } from "../fault.ts";
import { type FoundLeader, globalScope, leaders, replicaStatus } from "../leader.ts";
import { nodeVersion } from "../node-state.ts";
import { restartNode } from "../restart-node.ts";
import type { Recovery, Trial } from "../trial.ts";
import { until } from "../until.ts";

/** The longest pause that a lease of five seconds has to bear many times over. */
const pauseMs = 30_000;
/** How long calls go to nodes that have no control plane. */
const aloneMs = 2_000;
/** Asked while paused, and to be answered after. */
const staleAnswerWithinMs = pauseMs + 30_000;
/** Where the control plane's store keeps who leads, in the lab. */
const leaderKey = `/headgate/leaders/${globalScope}`;

/** Each region's replica, the one and only there. */
export function killReplica(region: string): Fault {
  return {
    name: `kill the replica in ${region}`,
    run: async (trial) => {
      const part = trial.lab.controlPlane(`control-plane/${region}`);
      const brokenMs = performance.now();
      await part.kill();
      await trial.keys.during.revoke();
      const recovery = await trial.recovery(brokenMs);
      trial.mends();
      await part.start();
      return recovery;
    },
  };
}

export const killLeader: Fault = {
  name: "kill the leading replica",
  run: (trial) => endLeader(trial, (part) => part.kill()),
};

/** It resigns: nobody waits for a lease to run out. */
export const stopLeader: Fault = {
  name: "stop the leading replica (SIGTERM)",
  run: (trial) => endLeader(trial, (part) => part.stop()),
};

async function endLeader(trial: Trial, end: (part: PlanePart) => Promise<void>): Promise<Recovery> {
  const before = await leader(trial);
  const brokenMs = performance.now();
  const another = nextLeader(trial, before).then(() => trial.measure("another leads", brokenMs));
  await Promise.all([another, end(before.part)]);
  await trial.keys.during.revoke();
  const recovery = await trial.recovery(brokenMs);
  trial.mends();
  await before.part.start();
  return recovery;
}

/**
 * Frozen for six leases, it does not know that it lost its office. What it was asked meanwhile it
 * answers first of all when it goes on, and by then must not take itself for the leader.
 */
export const pauseLeader: Fault = {
  name: "pause the leading replica for 30 s (SIGSTOP)",
  run: async (trial) => {
    const { lab } = trial;
    const before = await leader(trial);
    const brokenMs = performance.now();
    lab.pause(before.part.name);
    const after = await nextLeader(trial, before);
    trial.measure("another leads", brokenMs);
    const stale = replicaStatus(lab, before.part, staleAnswerWithinMs);
    await trial.keys.during.revoke();
    const replicas = lab.controlPlanes.filter((part) => part !== before.part);
    const recovery = await trial.recovery(brokenMs, { replicas });
    await systemClock.sleep(Math.max(0, brokenMs + pauseMs - performance.now()));
    trial.mends();
    lab.resume(before.part.name);
    await checkStaysDeposed(trial, { before, after, stale: await stale });
    return recovery;
  },
};

interface Deposed {
  readonly before: FoundLeader;
  readonly after: FoundLeader;
  /** The first that it said when it went on. */
  readonly stale: Awaited<ReturnType<typeof replicaStatus>>;
}

/** It may be elected again, as anybody; but what it was before is over, for it and for etcd. */
async function checkStaysDeposed(trial: Trial, { before, after, stale }: Deposed): Promise<void> {
  const { lab } = trial;
  const { name, ownName } = before.part;
  const claimed = leaderIn(stale);
  trial.check(stale !== undefined, `${name} never answered what it was asked in its pause`);
  const claims = claimed?.replica === ownName && claimed.epoch === before.epoch;
  trial.check(!claims, `${name} woke up as the leader that it was before`);
  await until(`${name} to know of a leader after itself`, async () => {
    const known = leaderIn(await replicaStatus(lab, before.part));
    return known && known.replica !== "" && known.epoch >= after.epoch;
  });
  await until("etcd and the replicas to agree on who leads", async () => {
    const [server] = lab.etcd.values();
    const [{ epoch }, revision] = await Promise.all([
      leader(trial),
      server && createRevision(server, leaderKey),
    ]);
    return epoch >= after.epoch && revision === Number(epoch);
  });
}

function leaderIn(status: Deposed["stale"]) {
  return status?.leaders.find(({ scope }) => scope === globalScope);
}

/** Nodes go on with what they have, and one of them starts from what it has on disk. */
export const killControlPlane: Fault = {
  name: "kill every replica, and restart a node meanwhile",
  run: async (trial) => {
    const { lab } = trial;
    await lab.kill("control-plane");
    const [node] = lab.nodes;
    if (node) await restartFromDisk(trial, node);
    await systemClock.sleep(aloneMs);
    const mendedMs = trial.mends();
    await lab.start("control-plane");
    return await trial.recovery(mendedMs, { from: "their start" });
  },
};

async function restartFromDisk(trial: Trial, node: PlanePart): Promise<void> {
  const before = await nodeVersion(node);
  const killedMs = performance.now();
  await restartNode(trial, node);
  trial.measure("a node killed, and serving from its disk", killedMs);
  const version = await nodeVersion(node);
  const isPlausible = version > 0 && version <= before;
  trial.check(isPlausible, `${node.name} had version ${before} and began with ${version}`);
}

/** The one that leads now. While one hands over to another, two answers may be of two moments. */
async function leader({ lab }: Trial): Promise<FoundLeader> {
  return await until("exactly one replica to lead", async () => {
    const [first, ...others] = await leaders(lab);
    return others.length === 0 ? first : undefined;
  });
}

/** Another of them. */
async function nextLeader({ lab }: Trial, before: FoundLeader): Promise<FoundLeader> {
  const others = lab.controlPlanes.filter((part) => part !== before.part);
  return await until("another replica to lead", async () => {
    const [first] = await leaders(lab, others);
    return first;
  });
}
