import type { LabOptions } from "../../lab/index.ts";
import type { Fault } from "../fault.ts";
import {
  killControlPlane,
  killLeader,
  killReplica,
  pauseLeader,
  stopLeader,
} from "./control-plane-faults.ts";
import { etcdQuotaBytes, fillEtcd, killEtcd, killEtcdLeader } from "./etcd-faults.ts";
import { restartEverything } from "./everything-faults.ts";
import { killAllNats, killNats } from "./nats-faults.ts";
import { corruptSnapshot, fillNodeDisk, truncateSnapshotAlone } from "./node-faults.ts";
import { cutRegion } from "./region-faults.ts";

/** Faults that are tried in one lab, in this order. */
export interface FaultGroup {
  readonly name: string;
  readonly lab: LabOptions;
  readonly faults: readonly Fault[];
}

export const controlPlaneFaults: FaultGroup = {
  name: "the control plane",
  lab: {},
  faults: [
    ...["eu-west", "us-east", "ap-south"].map(killReplica),
    killLeader,
    stopLeader,
    pauseLeader,
    killControlPlane,
  ],
};

export const backendFaults: FaultGroup = {
  name: "etcd and NATS",
  lab: { etcd: { quotaBytes: etcdQuotaBytes } },
  faults: [
    killEtcdLeader,
    killEtcd,
    ...["eu-west", "us-east", "ap-south"].map(killNats),
    killAllNats,
    fillEtcd,
  ],
};

export const regionFaults: FaultGroup = {
  name: "regions, nodes, and everything",
  lab: {},
  faults: [
    cutRegion("ap-south"),
    fillNodeDisk("eu-west"),
    corruptSnapshot("us-east"),
    truncateSnapshotAlone("us-east"),
    restartEverything,
  ],
};

export const faultGroups: readonly FaultGroup[] = [controlPlaneFaults, backendFaults, regionFaults];
