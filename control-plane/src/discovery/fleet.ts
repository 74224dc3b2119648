import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Bus, type Message, type Subscription, subjectToken } from "@headgate/bus";
import type { Clock } from "@headgate/core";
import { admin } from "@headgate/proto";
import type { Logger } from "pino";
import { FleetDirectory } from "./fleet-directory.ts";
import { decodeFleetReport, encodeFleetReport, pagesOf, reporterOf } from "./fleet-report.ts";
import type { NodeRegistry, RejectedResource } from "./node-registry.ts";

export interface FleetOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly replica: { readonly name: string; readonly region: string; readonly build: string };
  readonly registry: NodeRegistry;
  /** Of the snapshot served. */
  readonly version: () => number;
  readonly connectedNodes: () => number;
  /** What this replica holds back from nodes of a build. */
  readonly heldOf: (build: string) => readonly RejectedResource[];
  /** As the node reports it, connected or not. */
  readonly loadOf?: (node: admin.Node) => admin.NodeLoad | undefined;
}

const changesEveryMs = 1_000;
/** Every so many of those, everything. */
const everythingEvery = 10;
/** In one report of changes; the others go with the next. */
const changesMax = 2_000;
const pendingMax = 1_000;

/**
 * All nodes and replicas, whichever replica they are connected to: each tells the others of its own,
 * changes every second and everything every ten, so that a message that is lost does no harm.
 * Without the others, and without the bus, there are just our own.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #directory = new FleetDirectory();
  readonly #subject: string;
  readonly #startTimeMs: number;
  readonly #timer: Disposable;
  readonly #subscription: Subscription;
  #ticks = 0;
  /** When the replica of our name started that we warned of. */
  #namesakeStartMs: number | undefined;

  constructor(options: FleetOptions) {
    const { bus, clock, replica } = options;
    this.#options = options;
    this.#startTimeMs = clock.wallTimeMs();
    this.#subject = `ctl.nodes.${subjectToken(replica.region)}.${subjectToken(replica.name)}`;
    this.#subscription = bus.subscribe("ctl.nodes.*.*", (message) => this.#receive(message), {
      pendingMax,
    });
    this.#timer = clock.every(changesEveryMs, () => this.#tell());
  }

  /** By name. */
  listNodes(filter: (node: admin.Node) => boolean = () => true): admin.Node[] {
    const { registry, version, heldOf, loadOf } = this.#options;
    const current = version();
    const nodes = this.#directory.nodes(registry.list(current), this.#time());
    return nodes
      .map((node) => (this.#isOurs(node) ? node : withHeld(node, heldOf(node.build))))
      .map((node) => withLoad(node, loadOf?.(node)))
      .filter(filter);
  }

  /** This one first. */
  listReplicas(): admin.Replica[] {
    return [this.#self(), ...this.#directory.replicas(this.#time())];
  }

  /** A node was removed for good. */
  forgetNode(name: string): void {
    this.#options.registry.forget(name);
    this.#directory.forgetNode(name);
  }

  /** Tells the others once more. Idempotent. */
  async stop(): Promise<void> {
    this.#timer[Symbol.dispose]();
    this.#tell();
    await this.#subscription[Symbol.asyncDispose]();
  }

  #tell(): void {
    const { registry, version } = this.#options;
    const isEverything = this.#ticks % everythingEvery === 0;
    this.#ticks += 1;
    const changed = registry.takeChanged(
      version(),
      isEverything ? Number.POSITIVE_INFINITY : changesMax,
    );
    const nodes = isEverything ? registry.list(version()) : changed;
    if (!isEverything && nodes.length === 0) return;
    const replica = this.#self();
    const pages = [...pagesOf(nodes)];
    for (const page of pages.length > 0 ? pages : [[]])
      this.#publish(encodeFleetReport({ replica, nodes: page }));
  }

  #publish(report: Uint8Array): void {
    try {
      this.#options.bus.publish(this.#subject, report);
    } catch (err) {
      this.#options.logger.debug({ err }, "the other replicas could not be told of the nodes");
    }
  }

  #receive({ subject, data }: Message): void {
    try {
      if (subject === this.#subject) return this.#lookForNamesake(data);
      this.#directory.receive(decodeFleetReport(data), this.#time());
    } catch (err) {
      this.#options.logger.warn({ err, subject }, "a report of another replica can't be read");
    }
  }

  /** Everybody else knows replicas by their names, so two of one name hide each other. Told once. */
  #lookForNamesake(data: Uint8Array): void {
    const { startTime } = reporterOf(data);
    const startMs = startTime ? timestampMs(startTime) : 0;
    if (startMs === this.#startTimeMs || startMs === this.#namesakeStartMs) return;
    this.#namesakeStartMs = startMs;
    const { logger, replica } = this.#options;
    logger.warn(
      { ...replica, other_started: new Date(startMs).toISOString() },
      "another replica of this region runs under our name: give each a name of its own (`replica:`)",
    );
  }

  #self(): admin.Replica {
    const { replica, version, connectedNodes, clock } = this.#options;
    return create(admin.ReplicaSchema, {
      ...replica,
      startTime: timestampFromMs(this.#startTimeMs),
      version: BigInt(version()),
      connectedNodes: connectedNodes(),
      lastSeenTime: timestampFromMs(clock.wallTimeMs()),
    });
  }

  #isOurs(node: admin.Node): boolean {
    return node.replica === this.#options.replica.name;
  }

  #time() {
    const { clock } = this.#options;
    return { nowMs: clock.now(), wallTimeMs: clock.wallTimeMs() };
  }
}

/** A listing of many nodes must not repeat a thousand resources for each. */
const heldShownMax = 10;

function withHeld(node: admin.Node, held: readonly RejectedResource[]): admin.Node {
  const heldBack = held
    .slice(0, heldShownMax)
    .map(({ kind, name, message }) => create(admin.RejectionSchema, { kind, name, message }));
  return { ...node, heldBack };
}

function withLoad(node: admin.Node, load: admin.NodeLoad | undefined): admin.Node {
  return load ? { ...node, load } : node;
}
