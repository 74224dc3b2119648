import { formatNumber } from "../report/format-number.ts";
import { markdownTable } from "../report/markdown-table.ts";
import type { DiscoveryResults } from "./main.ts";

const bigNodes = 10_000;
const bigKeys = 100_000;
/** Nodes that one replica is planned for, in the calculation. */
const nodesPerReplica = 1_000;

/** The results as Markdown: figures, targets, and what they come to for a large installation. */
export function renderDiscovery(results: DiscoveryResults): string {
  return [
    describe(results),
    renderLatencies(results),
    renderCosts(results),
    calculate(results),
    ...results.notices.map((line) => `Not as planned: ${line}.`),
  ].join("\n\n");
}

function describe({ date, machine, node, load }: DiscoveryResults): string {
  return [
    `Run of ${date} on ${machine.cores} cores of ${machine.cpu}, ${machine.memory_gib} GiB, ${machine.system}, Node ${node}:`,
    `one replica with the embedded store and ${formatNumber(load.keys)} keys, ${formatNumber(load.nodes)} nodes on a connection each in two other processes,`,
    `${load.changes} changes of single keys, one every ${load.changeEveryMs} ms, canaries on. All share the cores.`,
  ].join("\n");
}

function renderLatencies({ figures }: DiscoveryResults): string {
  const { create, update, revoke, all, all_after_acknowledged } = figures.change_to_applied_ms;
  const rows = [
    { name: "a key is created", ...create },
    { name: "a key is changed", ...update },
    { name: "a key is revoked (urgent)", ...revoke },
    { name: "all", ...all },
    { name: "all, from the answer of the admin call", ...all_after_acknowledged },
  ];
  return markdownTable(
    ["From the start of the admin call to a node's ACK, ms", "p50", "p99", "slowest"],
    rows.map(({ name, p50, p99, max }) => [name, ...[p50, p99, max].map(formatNumber)]),
  );
}

function renderCosts({ figures, load }: DiscoveryResults): string {
  const { resident_mib: resident } = figures;
  const rows: [string, number][] = [
    [
      "Bytes to each node for a change of one key, at its socket",
      figures.bytes_per_node_per_change,
    ],
    ["Bytes of a full snapshot", figures.full_snapshot_bytes],
    ["Bytes of a reconnect that resumes, headers and all", figures.resume_bytes],
    [
      `Seconds until ${formatNumber(load.nodes)} nodes without anything have a snapshot`,
      figures.cold_connect_seconds,
    ],
    ["CPU seconds of the replica for that", figures.cold_connect_cpu_seconds],
    ["CPU of the replica for a change at one node, µs", figures.cpu_us_per_delivery],
    ["CPU of the replica, idle, % of a core", figures.cpu_share_idle * 100],
    ["CPU of the replica under these changes, % of a core", figures.cpu_share_loaded * 100],
    ["Resident memory of the replica without keys and nodes, MiB", resident.empty],
    ["... with the keys, MiB", resident.with_keys],
    ["... right after all nodes came at once, MiB", resident.after_cold_connect],
    ["... with keys and nodes, after the changes, MiB", resident.after_changes],
  ];
  return markdownTable(
    ["", "measured"],
    rows.map(([name, value]) => [name, formatNumber(value)]),
  );
}

function calculate({ figures, load }: DiscoveryResults): string {
  const replicas = bigNodes / nodesPerReplica;
  const snapshotMb = (figures.full_snapshot_bytes * (bigKeys / load.keys)) / 1e6;
  const changeMb = (figures.bytes_per_node_per_change * bigNodes) / 1e6;
  const cpuMs = (figures.cpu_us_per_delivery * nodesPerReplica) / 1e3;
  const { empty, with_keys, after_changes } = figures.resident_mib;
  const keysMib = ((with_keys - empty) * bigKeys) / load.keys;
  const nodesMib = ((after_changes - with_keys) * nodesPerReplica) / load.nodes;
  return [
    `From these to ${formatNumber(bigNodes)} nodes and ${formatNumber(bigKeys)} keys, on ${replicas} replicas of ${formatNumber(nodesPerReplica)} nodes each:`,
    "",
    `- A change of one key sends ${formatNumber(changeMb)} MB in all, and takes each replica ${formatNumber(cpuMs)} ms of CPU: ${formatNumber(1_000 / cpuMs)} changes a second would fill a core, were they not merged by the debouncer.`,
    `- A full snapshot is ${formatNumber(snapshotMb)} MB. A fleet without anything needs ${formatNumber((snapshotMb * bigNodes) / 1e3)} GB in all, ${formatNumber((snapshotMb * nodesPerReplica) / 1e3)} GB from each replica; one that resumes needs ${formatNumber((figures.resume_bytes * bigNodes) / 1e6)} MB in all, ${formatNumber(nodesPerReplica / 100)} s at 100 streams a second.`,
    `- A replica needs about ${formatNumber(empty + keysMib + nodesMib)} MiB: ${formatNumber(empty)} as such, ${formatNumber(keysMib)} for the keys, ${formatNumber(nodesMib)} for its nodes; and up to 64 MiB, twice, while snapshots are sent.`,
  ].join("\n");
}
