import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { FleetReport } from "./fleet-report.ts";

interface KnownReplica {
  info: admin.Replica;
  /** On our monotonic clock. */
  heardMs: number;
  /** On our wall clock, for people. */
  heardTimeMs: number;
  readonly nodes: Map<string, admin.Node>;
}

export interface FleetTime {
  readonly nowMs: number;
  readonly wallTimeMs: number;
}

/** Silent for this long, a replica is taken for gone, and its nodes for disconnected. */
const silentMs = 30_000;
const replicaKeptMs = 10 * 60_000;
const nodeKeptMs = 24 * 3_600_000;
const replicasMax = 256;
const nodesMax = 20_000;

/**
 * What the other replicas have said of themselves and of their nodes: cumulative, the latest wins.
 * Which record of a node counts, where several replicas have one: connected before disconnected, then
 * the newest connection. Pure bookkeeping.
 */
export class FleetDirectory {
  readonly #replicas = new Map<string, KnownReplica>();
  #nodeCount = 0;

  receive({ replica, nodes }: FleetReport, { nowMs, wallTimeMs }: FleetTime): void {
    const key = `${replica.region}/${replica.name}`;
    let known = this.#replicas.get(key);
    if (!known) {
      if (this.#replicas.size >= replicasMax) this.#forgetMostSilent();
      known = { info: replica, heardMs: nowMs, heardTimeMs: wallTimeMs, nodes: new Map() };
      this.#replicas.set(key, known);
    }
    if (startMs(replica) < startMs(known.info)) return; // Of its earlier life, and late.
    if (startMs(replica) > startMs(known.info)) this.#disconnectAll(known);
    Object.assign(known, { info: replica, heardMs: nowMs, heardTimeMs: wallTimeMs });
    for (const node of nodes) this.#put(known, node);
  }

  /** Ours and theirs, one record for each node, by name. */
  nodes(ours: Iterable<admin.Node>, time: FleetTime): admin.Node[] {
    this.#forgetOld(time);
    const merged = new Map<string, admin.Node>();
    for (const node of ours) merged.set(node.name, node);
    for (const { nodes, heardMs } of this.#replicas.values()) {
      const isSilent = time.nowMs - heardMs > silentMs;
      for (const node of nodes.values()) {
        const shown = isSilent ? disconnected(node) : node;
        const other = merged.get(node.name);
        if (!other || isNewer(shown, other)) merged.set(node.name, shown);
      }
    }
    return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Those heard of lately, without us. */
  replicas(time: FleetTime): admin.Replica[] {
    this.#forgetOld(time);
    return [...this.#replicas.values()]
      .filter(({ heardMs }) => time.nowMs - heardMs <= replicaKeptMs)
      .map(({ info, heardTimeMs }) => ({ ...info, lastSeenTime: timestampFromMs(heardTimeMs) }));
  }

  /** A node was removed for good. */
  forgetNode(name: string): void {
    for (const known of this.#replicas.values()) this.#drop(known, name);
  }

  #put(known: KnownReplica, node: admin.Node): void {
    const isNew = !known.nodes.has(node.name);
    if (isNew && this.#nodeCount >= nodesMax && !this.#dropOneDisconnected()) return;
    known.nodes.delete(node.name); // To the end: the map is in the order of being heard of.
    known.nodes.set(node.name, node);
    if (isNew) this.#nodeCount += 1;
  }

  #drop(known: KnownReplica, name: string): void {
    if (known.nodes.delete(name)) this.#nodeCount -= 1;
  }

  #dropOneDisconnected(): boolean {
    for (const known of this.#replicas.values()) {
      for (const { name, state } of known.nodes.values()) {
        if (state === admin.NodeState.CONNECTED) continue;
        this.#drop(known, name);
        return true;
      }
    }
    return false;
  }

  /** It has started anew: what it had before, it says again if it has it still. */
  #disconnectAll(known: KnownReplica): void {
    for (const [name, node] of known.nodes) known.nodes.set(name, disconnected(node));
  }

  #forgetMostSilent(): void {
    let silent: [string, KnownReplica] | undefined;
    for (const entry of this.#replicas) {
      if (!silent || entry[1].heardMs < silent[1].heardMs) silent = entry;
    }
    if (silent) this.#forget(...silent);
  }

  #forgetOld({ nowMs, wallTimeMs }: FleetTime): void {
    for (const [key, known] of this.#replicas) {
      if (nowMs - known.heardMs > nodeKeptMs) this.#forget(key, known);
      for (const node of known.nodes.values()) {
        const isGone = node.state !== admin.NodeState.CONNECTED;
        if (isGone && wallTimeMs - seenMs(node) > nodeKeptMs) this.#drop(known, node.name);
      }
    }
  }

  #forget(key: string, known: KnownReplica): void {
    this.#nodeCount -= known.nodes.size;
    this.#replicas.delete(key);
  }
}

function isNewer(one: admin.Node, other: admin.Node): boolean {
  const [isHere, otherIsHere] = [one, other].map(
    ({ state }) => state === admin.NodeState.CONNECTED,
  );
  if (isHere !== otherIsHere) return isHere === true;
  return isHere ? connectMs(one) > connectMs(other) : seenMs(one) > seenMs(other);
}

function disconnected(node: admin.Node): admin.Node {
  return { ...node, state: admin.NodeState.DISCONNECTED };
}

function startMs({ startTime }: admin.Replica): number {
  return startTime ? timestampMs(startTime) : 0;
}

function connectMs({ connectTime }: admin.Node): number {
  return connectTime ? timestampMs(connectTime) : 0;
}

function seenMs({ lastSeenTime }: admin.Node): number {
  return lastSeenTime ? timestampMs(lastSeenTime) : 0;
}
