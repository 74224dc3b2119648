import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "@headgate/core";
import { admin } from "@headgate/proto";

export interface NodeIdentity {
  readonly name: string;
  readonly region: string;
  readonly build: string;
  readonly bootId: string;
}

export interface RejectedResource {
  readonly kind: string;
  readonly name: string;
  readonly message: string;
}

interface NodeRecord {
  readonly identity: NodeIdentity;
  readonly connectTimeMs: number;
  connected: boolean;
  appliedVersion: number;
  lastSeenTimeMs: number;
  /** On the monotonic clock, for forgetting it. */
  lastSeenMs: number;
  nack?: { version: number; timeMs: number; rejected: readonly RejectedResource[] };
}

/** Nodes that are gone are listed for a day, so that last night's loss is seen in the morning. */
const goneKeptMs = 24 * 3_600_000;
const recordsMax = 20_000;

/** The nodes this replica knows: connected, or lately gone. One record per name. */
export class NodeRegistry {
  readonly #clock: Clock;
  readonly #replica: string;
  readonly #records = new Map<string, NodeRecord>();
  /** Names of those that changed since takeChanged(). */
  readonly #changed = new Set<string>();
  #heldOf: (build: string) => readonly RejectedResource[] = () => [];

  /** `replica`: the name of this one, shown with its nodes. */
  constructor(clock: Clock, replica = "") {
    this.#clock = clock;
    this.#replica = replica;
  }

  /** Where to learn what is held back from nodes of a build. */
  showHeld(heldOf: (build: string) => readonly RejectedResource[]): void {
    this.#heldOf = heldOf;
  }

  /** What it refused stays on record while the same process comes back. */
  connected(identity: NodeIdentity, appliedVersion: number): void {
    if (this.#records.size >= recordsMax) this.#forgetOne();
    const before = this.#records.get(identity.name);
    const nack = before?.identity.bootId === identity.bootId ? before.nack : undefined;
    this.#records.delete(identity.name); // To the end: the map is in the order of connecting.
    this.#records.set(identity.name, {
      identity,
      connected: true,
      appliedVersion,
      connectTimeMs: this.#clock.wallTimeMs(),
      lastSeenTimeMs: this.#clock.wallTimeMs(),
      lastSeenMs: this.#clock.now(),
      ...(nack && { nack }),
    });
    this.#changed.add(identity.name);
  }

  acked(identity: NodeIdentity, version: number): void {
    const record = this.#seen(identity);
    if (!record) return;
    record.appliedVersion = version;
    if (record.nack && version > record.nack.version) delete record.nack;
  }

  nacked(
    identity: NodeIdentity,
    nack: { readonly version: number; readonly rejected: readonly RejectedResource[] },
  ): void {
    const record = this.#seen(identity);
    if (record) record.nack = { ...nack, timeMs: this.#clock.wallTimeMs() };
  }

  disconnected(identity: NodeIdentity): void {
    const record = this.#seen(identity);
    if (record) record.connected = false;
  }

  /** By name. `currentVersion` is the newest version this replica has. */
  list(currentVersion: number): admin.Node[] {
    this.#forgetOld();
    return [...this.#records.values()]
      .map((record) => this.#toMessage(record, currentVersion))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Those that have changed since this was asked last, at most so many; the others next time. */
  takeChanged(currentVersion: number, most: number): admin.Node[] {
    const nodes: admin.Node[] = [];
    for (const name of this.#changed) {
      if (nodes.length >= most) break;
      this.#changed.delete(name);
      const record = this.#records.get(name);
      if (record) nodes.push(this.#toMessage(record, currentVersion));
    }
    return nodes;
  }

  /** It was removed for good. */
  forget(name: string): void {
    this.#records.delete(name);
    this.#changed.delete(name);
  }

  /** Undefined if another process (or a newer stream) has taken the name meanwhile. */
  #seen(identity: NodeIdentity): NodeRecord | undefined {
    const record = this.#records.get(identity.name);
    if (record?.identity !== identity) return undefined;
    record.lastSeenMs = this.#clock.now();
    record.lastSeenTimeMs = this.#clock.wallTimeMs();
    this.#changed.add(identity.name);
    return record;
  }

  #forgetOld(): void {
    const oldestMs = this.#clock.now() - goneKeptMs;
    for (const [name, record] of this.#records) {
      if (!record.connected && record.lastSeenMs < oldestMs) this.#records.delete(name);
    }
  }

  /** The one that connected first of those that are gone. */
  #forgetOne(): void {
    for (const [name, record] of this.#records) {
      if (!record.connected) {
        this.#records.delete(name);
        return;
      }
    }
  }

  #toMessage(record: NodeRecord, currentVersion: number): admin.Node {
    const { identity, nack } = record;
    return create(admin.NodeSchema, {
      name: identity.name,
      region: identity.region,
      build: identity.build,
      state: record.connected ? admin.NodeState.CONNECTED : admin.NodeState.DISCONNECTED,
      appliedVersion: BigInt(record.appliedVersion),
      currentVersion: BigInt(currentVersion),
      connectTime: timestampFromMs(record.connectTimeMs),
      lastSeenTime: timestampFromMs(record.lastSeenTimeMs),
      replica: this.#replica,
      heldBack: this.#heldOf(identity.build).slice(0, heldShownMax).map(rejectionFrom),
      ...(nack && {
        lastNack: {
          version: BigInt(nack.version),
          time: timestampFromMs(nack.timeMs),
          rejected: [...nack.rejected],
        },
      }),
    });
  }
}

/** A listing of many nodes must not repeat a thousand resources for each. */
const heldShownMax = 10;

function rejectionFrom({ kind, name, message }: RejectedResource) {
  return { kind, name, message };
}
