import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import type { discovery } from "@headgate/proto";
import type { Logger } from "pino";
import { type Peer, peerKey } from "../http/peer.ts";
import type { DiscoveryMetrics } from "../telemetry/control-plane-metrics.ts";
import { withReadableUpserts } from "./delta-message.ts";
import type { NodeIdentity, NodeRegistry } from "./node-registry.ts";
import { NodeSession } from "./node-session.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";

export interface DiscoveryServerOptions {
  readonly cache: SnapshotCache;
  readonly registry: NodeRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: DiscoveryMetrics;
  /** Streams open at once. Default 10,000. */
  readonly nodesMax?: number;
}

const defaultNodesMax = 10_000;
const sweepMs = 1_000;
/** For the end of a stream to be written before the node's side of it is closed too. */
const lingerMs = 200;
const rejectionsMax = 100;
const rejectionMessageMax = 1024;
const nodeNamePattern = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;
const labelPattern = /^[\x20-\x7e]{0,128}$/;

interface OpenStream {
  readonly session: NodeSession;
  readonly peer: Peer;
}

/** DiscoveryService: one session per connected node, all fed from one cache. */
export class DiscoveryServer {
  readonly #options: DiscoveryServerOptions;
  readonly #streams = new Set<OpenStream>();
  readonly #byNode = new Map<string, NodeSession>();
  readonly #sweep: Disposable;
  #stopped = false;

  constructor(options: DiscoveryServerOptions) {
    this.#options = options;
    this.#sweep = options.clock.every(sweepMs, () => this.#cutStuck());
  }

  readonly implementation: Pick<ServiceImpl<typeof discovery.DiscoveryService>, "streamSnapshots"> =
    {
      streamSnapshots: (requests, context) => this.#stream(requests, context),
    };

  /** There is something new for the nodes. */
  wakeAll(): void {
    for (const { session } of this.#streams) session.wake();
  }

  /** End all streams; nodes come back to another replica, or later. */
  stop(): void {
    this.#sweep[Symbol.dispose]();
    this.#stopped = true;
    for (const { session } of this.#streams) session.end(stopping());
  }

  async *#stream(
    requests: AsyncIterable<discovery.StreamSnapshotsRequest>,
    context: HandlerContext,
  ): AsyncGenerator<discovery.StreamSnapshotsResponse> {
    const { metrics, nodesMax = defaultNodesMax } = this.#options;
    if (this.#stopped) throw stopping();
    if (this.#streams.size >= nodesMax) {
      metrics.drops.inc({ reason: "too_many_nodes" });
      throw new ConnectError(
        `this replica serves ${nodesMax} nodes already`,
        Code.ResourceExhausted,
      );
    }
    const connection: { identity?: NodeIdentity } = {};
    const session = this.#createSession(connection);
    const peer = context.values.get(peerKey);
    const stream = { session, peer };
    this.#streams.add(stream);
    metrics.connected.set(this.#streams.size);
    const release = () => this.#release(stream, connection.identity);
    // At the latest when the generator ends; but nobody resumes it for a reader that is gone.
    context.signal.addEventListener("abort", release, { once: true });
    try {
      const isJson = context.requestHeader.get("content-type")?.includes("json") ?? false;
      for await (const message of session.run(requests, context.signal)) {
        yield isJson ? withReadableUpserts(message) : message;
      }
    } finally {
      release();
    }
  }

  #createSession(connection: { identity?: NodeIdentity }): NodeSession {
    const { cache, clock, metrics, registry, logger } = this.#options;
    const session: NodeSession = new NodeSession({
      cache,
      clock,
      events: {
        onHello: (hello, appliedVersion) => {
          connection.identity = this.#greet(session, hello, appliedVersion);
        },
        onSent: (delta) => {
          metrics.responses.inc({ type: delta.fromVersion === 0 ? "full" : "delta" });
        },
        onAck: (version) => {
          metrics.answers.inc({ type: "ack" });
          if (connection.identity) registry.acked(connection.identity, version);
        },
        onNack: (version, nack) => {
          metrics.answers.inc({ type: "nack" });
          const rejected = boundedRejections(nack);
          logger.warn({ node: connection.identity?.name, version, rejected }, "snapshot refused");
          if (connection.identity) registry.nacked(connection.identity, { version, rejected });
        },
        onDrop: (reason) => {
          metrics.drops.inc({ reason });
          logger.warn({ node: connection.identity?.name, reason }, "node dropped");
        },
      },
    });
    return session;
  }

  /** The newest stream of a name wins: the older one is a connection that broke unseen. */
  #greet(session: NodeSession, hello: discovery.Hello, appliedVersion: number): NodeIdentity {
    const { registry, logger } = this.#options;
    const { node: name, region, build, bootId } = hello;
    if (!nodeNamePattern.test(name)) {
      throw new ConnectError(
        `node must be 1 to 128 letters, digits and ._:@/-, starting with a letter or digit`,
        Code.InvalidArgument,
      );
    }
    if (![region, build, bootId].every((label) => labelPattern.test(label))) {
      throw new ConnectError(
        "region, build and boot_id must be at most 128 printable ASCII characters",
        Code.InvalidArgument,
      );
    }
    const identity = { name, region, build, bootId };
    const older = this.#byNode.get(name);
    if (older) {
      logger.warn(
        { node: name, region, boot_id: bootId },
        "node connected again; old stream ended",
      );
      older.end(new ConnectError("the node has opened a newer stream", Code.Aborted));
    }
    this.#byNode.set(name, session);
    registry.connected(identity, appliedVersion);
    logger.info({ node: name, region, build, version: appliedVersion }, "node connected");
    return identity;
  }

  #release(stream: OpenStream, identity: NodeIdentity | undefined): void {
    if (!this.#streams.delete(stream)) return;
    const { metrics, registry, logger, clock } = this.#options;
    metrics.connected.set(this.#streams.size);
    void clock.sleep(lingerMs).then(stream.peer.close);
    if (!identity) return;
    if (this.#byNode.get(identity.name) === stream.session) this.#byNode.delete(identity.name);
    registry.disconnected(identity);
    logger.info({ node: identity.name }, "node disconnected");
  }

  #cutStuck(): void {
    const nowMs = this.#options.clock.now();
    for (const { session, peer } of this.#streams) {
      if (session.isStuck(nowMs)) peer.cut();
    }
  }
}

function stopping(): ConnectError {
  return new ConnectError("the control plane is stopping", Code.Unavailable);
}

function boundedRejections({ rejected }: discovery.Nack) {
  return rejected.slice(0, rejectionsMax).map(({ kind, name, message }) => ({
    kind: kind.slice(0, 128),
    name: name.slice(0, 128),
    message: message.slice(0, rejectionMessageMax),
  }));
}
