import { systemClock } from "@headgate/core";
import type { EtcdServer } from "../../servers/index.ts";
import { askEtcd, base64, presentRevision } from "../etcd-gateway.ts";
import type { Fault } from "../fault.ts";
import { restartNode, untilConnected } from "../restart-node.ts";
import { clientOf } from "../through-any-replica.ts";
import type { Trial } from "../trial.ts";

/** How long writes have nowhere to go. */
const awayMs = 2_000;
/** The bound of the database that fillEtcd wants its lab to have: soon full, and roomy for the tests. */
export const etcdQuotaBytes = 24 * 1024 * 1024;
/** Below the 1.5 MiB that etcd takes in one request. */
const fillerBytes = 1024 * 1024;
const fillersMax = (2 * etcdQuotaBytes) / fillerBytes;
const fillerPrefix = "/filler/";

export const killEtcdLeader: Fault = {
  name: "kill etcd's leader",
  run: async (trial) => {
    const { lab } = trial;
    const first = await lab.etcdLeader();
    const brokenMs = performance.now();
    await first.kill();
    const recovery = await trial.recovery(brokenMs);
    await trial.keys.during.revoke();
    trial.mends();
    await first.start();
    return recovery;
  },
};

export const killEtcd: Fault = {
  name: "kill all of etcd, and restart a node meanwhile",
  run: async (trial) => {
    const { lab } = trial;
    const brokenMs = performance.now();
    await lab.kill("etcd");
    await trial.untilRefusedWith("UNAVAILABLE", brokenMs, lab.controlPlanes);
    await beginAnew(trial);
    await systemClock.sleep(awayMs);
    const mendedMs = trial.mends();
    await lab.start("etcd");
    return await trial.recovery(mendedMs, { from: "its start" });
  },
};

/** Its database reaches --quota-backend-bytes: it refuses what would make it larger, until it is told. */
export const fillEtcd: Fault = {
  name: "fill etcd's disk quota",
  run: async (trial) => {
    const { lab } = trial;
    const servers = [...lab.etcd.values()];
    const brokenMs = performance.now();
    await fill(servers);
    await trial.untilRefusedWith("RESOURCE_EXHAUSTED", brokenMs, lab.controlPlanes);
    await checkReadsGoOn(trial);
    const mendedMs = trial.mends();
    await makeRoom(servers);
    return await trial.recovery(mendedMs, { from: "making room" });
  },
};

async function fill([server]: readonly EtcdServer[]): Promise<void> {
  if (!server) throw new RangeError("there is no etcd to fill");
  const value = Buffer.alloc(fillerBytes, "x").toString("base64");
  for (let at = 0; at < fillersMax; at += 1) {
    try {
      await askEtcd(server, "kv/put", { key: base64(`${fillerPrefix}${at}`), value });
    } catch (error) {
      if (String(error).includes("space exceeded")) return;
      throw error;
    }
  }
  throw new Error(`etcd took ${fillersMax} fillers; the lab needs quotaBytes: etcdQuotaBytes`);
}

/** What does not write works: lists at every replica, and a node that begins anew. */
async function checkReadsGoOn(trial: Trial): Promise<void> {
  const { lab } = trial;
  for (const part of lab.controlPlanes) {
    const { keys } = await clientOf(lab, part).listKeys({});
    trial.check(keys.length > 0, `${part.name} lists no keys`);
  }
  await beginAnew(trial);
}

async function beginAnew(trial: Trial): Promise<void> {
  for (const node of trial.lab.nodes.slice(0, 1)) {
    await restartNode(trial, node);
    await untilConnected(node);
  }
}

/** As docs/operations/faults.md tells operators: what is not needed goes, history goes, files shrink. */
async function makeRoom(servers: readonly EtcdServer[]): Promise<void> {
  const [server] = servers;
  if (!server) return;
  const range_end = base64(`${fillerPrefix.slice(0, -1)}0`); // "0" comes after "/".
  await askEtcd(server, "kv/deleterange", { key: base64(fillerPrefix), range_end });
  const revision = await presentRevision(server);
  await askEtcd(server, "kv/compaction", { revision, physical: true });
  for (const each of servers) await askEtcd(each, "maintenance/defragment", {});
  await disarm(server);
}

/** Alarms are members', and end one by one. */
async function disarm(server: EtcdServer): Promise<void> {
  const { alarms } = await askEtcd(server, "maintenance/alarm", { action: "GET" });
  // An array of alarms, each with the number of its member as a string.
  for (const { memberID } of (alarms ?? []) as readonly { readonly memberID: string }[]) {
    const alarm = { action: "DEACTIVATE", alarm: "NOSPACE", memberID };
    await askEtcd(server, "maintenance/alarm", alarm);
  }
}
