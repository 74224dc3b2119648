import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { headgateCommand } from "../peers/headgate-command.ts";
import type { Children } from "../process/children.ts";
import { freePort } from "../process/free-port.ts";
import { readProcessUsage } from "../process/process-usage.ts";
import { AdminApi } from "./admin-api.ts";
import { type Change, playChanges } from "./changes.ts";
import { Fleet } from "./fleet.ts";
import { machineMs } from "./fleet-messages.ts";
import { percentile } from "./percentile.ts";

export interface Plan {
  readonly nodes: number;
  readonly keys: number;
  readonly changes: number;
  /** Pause between the starts of two changes. */
  readonly changeEveryMs: number;
  readonly acceptsGzip: boolean;
}

export type Figures = Awaited<ReturnType<typeof measure>>;

const processes = 2;
const idleMs = 5_000;
const keysPerApply = 500;
const settleMaxMs = 20_000;

/** One control plane, a fleet of nodes on real streams, and single changes of keys. */
export async function measure(
  plan: Plan,
  run: {
    readonly children: Children;
    readonly directory: string;
    readonly say: (line: string) => void;
  },
) {
  const { children, directory, say } = run;
  const first = await startControlPlane(children, directory);
  const empty = await readProcessUsage(first.pid);

  say(`creating ${plan.keys} keys`);
  await createKeys(new AdminApi(first.adminOrigin), plan.keys);
  // Anew, so that what creating them left behind does not count as what having them takes.
  await first.stop();
  const plane = await startControlPlane(children, directory);
  const api = new AdminApi(plane.adminOrigin);
  const filled = await readProcessUsage(plane.pid);

  say(`connecting ${plan.nodes} nodes`);
  const fleet = new Fleet(children, processes);
  const connectStartMs = machineMs();
  const connected = await fleet.connect({ origin: plane.grpcOrigin, ...plan });
  const connectMs = machineMs() - connectStartMs;
  const afterConnect = await readProcessUsage(plane.pid);
  const snapshotBytes = sum(connected.map(({ bytes }) => bytes)) / plan.nodes;

  say("idle");
  await systemClock.sleep(idleMs);
  const idleStart = await readProcessUsage(plane.pid);
  await systemClock.sleep(idleMs);
  const idleEnd = await readProcessUsage(plane.pid);

  say(`${plan.changes} changes`);
  await fleet.reset();
  const loadStart = { ...(await readProcessUsage(plane.pid)), ms: machineMs() };
  const changes = await playChanges(api, plan);
  const reports = await settled(fleet, changes.length * plan.nodes);
  const loadEnd = { ...(await readProcessUsage(plane.pid)), ms: machineMs() };

  say("reconnecting 200 nodes");
  const reconnected = await fleet.reconnect(200);
  const failures = reports.flatMap((report) => report.failures);
  if (failures.length > 0) throw new Error(`nodes failed: ${failures.join("; ")}`);

  const times = timesOf(reports);
  const cpuUs = loadEnd.cpuUs - loadStart.cpuUs;
  const idleCpuShare = (idleEnd.cpuUs - idleStart.cpuUs) / (idleMs * 1_000);
  const deliveries = changes.length * plan.nodes;
  const idleShareUs = idleCpuShare * (loadEnd.ms - loadStart.ms) * 1_000;
  return {
    change_to_applied_ms: {
      create: latencies(changes, times, "create"),
      update: latencies(changes, times, "update"),
      revoke: latencies(changes, times, "revoke"),
      all: latencies(changes, times),
      all_after_acknowledged: latencies(changes, times, undefined, "acknowledgedMs"),
    },
    deliveries: sum([...times.values()].map((at) => at.length)),
    expected_deliveries: deliveries,
    responses_per_node: sum(reports.map(({ responses }) => responses)) / plan.nodes,
    bytes_per_node_per_change: sum(reports.map(({ bytes }) => bytes)) / deliveries,
    full_snapshot_bytes: snapshotBytes,
    resume_bytes:
      sum(reconnected.map(({ bytes }) => bytes)) / sum(reconnected.map(({ nodes }) => nodes)),
    cold_connect_seconds: connectMs / 1_000,
    cold_connect_refused: sum(connected.map(({ refused }) => refused)),
    cold_connect_cpu_seconds: (afterConnect.cpuUs - filled.cpuUs) / 1e6,
    cpu_us_per_delivery: (cpuUs - idleShareUs) / deliveries,
    cpu_share_idle: idleCpuShare,
    cpu_share_loaded: cpuUs / ((loadEnd.ms - loadStart.ms) * 1_000),
    resident_mib: {
      empty: mib(empty.residentBytes),
      with_keys: mib(filled.residentBytes),
      after_cold_connect: mib(afterConnect.residentBytes),
      idle: mib(idleEnd.residentBytes),
      after_changes: mib(loadEnd.residentBytes),
    },
  };
}

async function startControlPlane(children: Children, directory: string) {
  const [admin, grpc] = await Promise.all([freePort(), freePort()]);
  const data = join(directory, "control-plane");
  await mkdir(data, { recursive: true });
  const file = join(directory, "control-plane.yaml");
  const config = {
    region: "bench",
    listen: { admin: `127.0.0.1:${admin}`, grpc: `127.0.0.1:${grpc}` },
    store: { embedded: { path: join(data, "headgate.db") } },
    data_dir: data,
  };
  await writeFile(file, JSON.stringify(config));
  const child = children.spawn(headgateCommand(["control-plane", "--config", file]));
  if (child.pid === undefined) throw new Error("the control plane does not start");
  const adminOrigin = `http://127.0.0.1:${admin}`;
  const deadlineMs = systemClock.now() + settleMaxMs;
  while (!(await isReady(adminOrigin))) {
    if (child.exitCode !== null || systemClock.now() > deadlineMs) {
      throw new Error(`the control plane is not ready: ${children.stderrOf(child)}`);
    }
    await systemClock.sleep(50);
  }
  return {
    pid: child.pid,
    adminOrigin,
    grpcOrigin: `http://127.0.0.1:${grpc}`,
    stop: () => children.stop(child),
  };
}

function isReady(origin: string): Promise<boolean> {
  return fetch(`${origin}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function createKeys(api: AdminApi, count: number): Promise<void> {
  await api.call("Apply", { resources: { teams: [{ name: "bench" }] } });
  for (let from = 0; from < count; from += keysPerApply) {
    const length = Math.min(keysPerApply, count - from);
    const keys = Array.from({ length }, (_, n) => keyOf(from + n));
    await api.call("Apply", { resources: { keys } });
  }
}

function keyOf(n: number) {
  const secret = `sk-bench-${String(n).padStart(12, "0")}`;
  return {
    name: `key-${n}`,
    team: "bench",
    user: `user-${n % 1000}`,
    models: ["gpt-4o", "claude-*"],
    secret,
  };
}

/** Wait until every node has said that it has every change. */
async function settled(fleet: Fleet, deliveries: number) {
  const deadlineMs = systemClock.now() + settleMaxMs;
  for (;;) {
    const reports = await fleet.report();
    const seen = sum(reports.flatMap(({ times }) => times.map(({ atMs }) => atMs.length)));
    if (seen >= deliveries || systemClock.now() > deadlineMs) return reports;
    await systemClock.sleep(250);
  }
}

type Reports = Awaited<ReturnType<Fleet["report"]>>;

function timesOf(reports: Reports): Map<string, number[]> {
  const all = new Map<string, number[]>();
  for (const { times } of reports) {
    for (const { revision, atMs } of times)
      all.set(revision, [...(all.get(revision) ?? []), ...atMs]);
  }
  return all;
}

function latencies(
  changes: readonly Change[],
  times: ReadonlyMap<string, readonly number[]>,
  type?: Change["type"],
  from: "startedMs" | "acknowledgedMs" = "startedMs",
) {
  const samples = changes
    .filter((change) => type === undefined || change.type === type)
    .flatMap((change) => (times.get(change.revision) ?? []).map((atMs) => atMs - change[from]));
  samples.sort((a, b) => a - b);
  return {
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    max: percentile(samples, 1),
    samples: samples.length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mib(bytes: number): number {
  return bytes / 1024 ** 2;
}
