import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Clock, Random } from "@headgate/core";
import type { discovery } from "@headgate/proto";
import type { Logger } from "pino";
import { type NodePrincipal, nodePrincipalKey } from "../auth/principal.ts";
import { type Peer, peerKey } from "../http/peer.ts";
import type { DiscoveryMetrics } from "../telemetry/control-plane-metrics.ts";
import type { BuildRollout, RolloutTrouble } from "./build-rollout.ts";
import { Builds, type HeldOfBuild } from "./builds.ts";
import { withReadableUpserts } from "./delta-message.ts";
import { identityFrom } from "./node-identity.ts";
import type { NodeIdentity, NodeRegistry } from "./node-registry.ts";
import { NodeSession } from "./node-session.ts";
import { defaultRolloutTimes, type RolloutTimes } from "./rollout.ts";
import { SendBudget } from "./send-budget.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import { type AdmissionRate, defaultAdmissionRate, StreamAdmission } from "./stream-admission.ts";
import { aged, stopping, storeReplaced, tooFast } from "./stream-end.ts";

export interface DiscoveryServerOptions {
  readonly cache: SnapshotCache;
  readonly registry: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: DiscoveryMetrics;
  /** Streams open at once. Default 10,000. */
  readonly nodesMax?: number;
  readonly admission?: AdmissionRate;
  readonly rollout?: Partial<RolloutTimes>;
  /** Streams end after this long, give or take a tenth. Default 30 minutes. */
  readonly streamAgeMaxMs?: number;
  /** Bytes of large responses in flight at once. Default 64 MiB. */
  readonly inFlightBytesMax?: number;
  /** Nodes of this replica have refused these; see HeldSharing. */
  readonly onHeld?: (held: readonly HeldOfBuild[]) => void;
  /** A node said to be another, or to be elsewhere, than it proved. */
  readonly onDenied?: (message: string, context: HandlerContext) => void;
}

const defaultNodesMax = 10_000;
const defaultStreamAgeMaxMs = 30 * 60_000;
const defaultInFlightBytesMax = 64 * 1024 * 1024;
const sweepMs = 1_000;
/** Canaries are late after 2 seconds: look often enough for that to be what it says. */
const rolloutTickMs = 200;
/** For the end of a stream to be written before the node's side of it is closed too. */
const lingerMs = 200;
const rejectionsMax = 100;
const rejectionMessageMax = 1024;

interface OpenStream {
  readonly session: NodeSession;
  readonly peer: Peer;
  readonly context: HandlerContext;
  readonly endAtMs: number;
  identity?: NodeIdentity;
}

/** DiscoveryService: one session per connected node, fed by the rollout of its build. */
export class DiscoveryServer {
  readonly builds: Builds;
  readonly #options: DiscoveryServerOptions;
  readonly #streams = new Set<OpenStream>();
  readonly #byNode = new Map<string, NodeSession>();
  readonly #budget: SendBudget;
  readonly #admission: StreamAdmission;
  readonly #timers: readonly Disposable[];
  #sessions = 0;
  #stopped = false;

  constructor(options: DiscoveryServerOptions) {
    const { cache, clock, random, admission = defaultAdmissionRate } = options;
    this.#options = options;
    this.#budget = new SendBudget(options.inFlightBytesMax ?? defaultInFlightBytesMax);
    this.#admission = new StreamAdmission(admission, random);
    this.builds = new Builds({
      cache,
      times: { ...defaultRolloutTimes, ...options.rollout },
      onHeld: (held) => this.#reportHeld(held, "this replica"),
      onTrouble: (build, trouble) => this.#reportTrouble(build, trouble),
      onReplaced: () => this.#endAll(storeReplaced, "store_replaced"),
    });
    options.registry.showHeld((build) => this.builds.heldOf(build));
    this.#timers = [
      clock.every(sweepMs, () => this.#sweep()),
      clock.every(rolloutTickMs, () => this.builds.tick(clock.now())),
    ];
  }

  readonly implementation: Pick<ServiceImpl<typeof discovery.DiscoveryService>, "streamSnapshots"> =
    {
      streamSnapshots: (requests, context) => this.#stream(requests, context),
    };

  get connectedNodes(): number {
    return this.#byNode.size;
  }

  /** There is something new for the nodes. */
  wakeAll(): void {
    this.builds.publish(this.#options.clock.now());
  }

  /** Another replica's nodes have refused this: do not wait for our own to find out. */
  hold(held: HeldOfBuild): void {
    if (this.builds.hold(held, this.#options.clock.now())) {
      this.#logHeld([held], "another replica");
    }
  }

  /** It is no longer let in: its stream ends, and it has to prove again who it is. */
  letGo(node: string): void {
    const message = "this node's identity was revoked: it must join again";
    this.#byNode.get(node)?.end(new ConnectError(message, Code.Unauthenticated));
  }

  /** End all streams; nodes go to another replica at once. */
  stop(): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#stopped = true;
    this.#endAll(stopping);
  }

  async *#stream(
    requests: AsyncIterable<discovery.StreamSnapshotsRequest>,
    context: HandlerContext,
  ): AsyncGenerator<discovery.StreamSnapshotsResponse> {
    this.#admit();
    const stream = this.#open(context);
    const release = () => this.#release(stream);
    // At the latest when the generator ends; but nobody resumes it for a reader that is gone.
    context.signal.addEventListener("abort", release, { once: true });
    try {
      const isJson = context.requestHeader.get("content-type")?.includes("json") ?? false;
      for await (const message of stream.session.run(requests, context.signal)) {
        yield isJson ? withReadableUpserts(message) : message;
      }
    } finally {
      release();
    }
  }

  /** @throws ConnectError before any work was done. */
  #admit(): void {
    const { metrics, clock, nodesMax = defaultNodesMax } = this.#options;
    if (this.#stopped) throw stopping();
    if (this.#streams.size >= nodesMax) {
      metrics.drops.inc({ reason: "too_many_nodes" });
      const message = `this replica serves ${nodesMax} nodes already`;
      throw new ConnectError(message, Code.ResourceExhausted);
    }
    const decision = this.#admission.decide(clock.now());
    if (decision.admitted) return;
    metrics.drops.inc({ reason: "too_fast" });
    throw tooFast(decision.retryAfterMs);
  }

  #open(context: HandlerContext): OpenStream {
    const { clock, random, metrics, streamAgeMaxMs = defaultStreamAgeMaxMs } = this.#options;
    this.#sessions += 1;
    const session = new NodeSession({
      id: String(this.#sessions),
      clock,
      budget: this.#budget,
      events: this.#eventsOf(() => stream),
    });
    const stream: OpenStream = {
      session,
      context,
      peer: context.values.get(peerKey),
      endAtMs: clock.now() + streamAgeMaxMs * (0.9 + random() / 5),
    };
    this.#streams.add(stream);
    metrics.connected.set(this.#streams.size);
    return stream;
  }

  #eventsOf(streamOf: () => OpenStream): ConstructorParameters<typeof NodeSession>[0]["events"] {
    const { metrics, registry, logger } = this.#options;
    return {
      onHello: (hello) => this.#greet(streamOf(), hello),
      onResumed: (version) => {
        const { identity } = streamOf();
        if (identity) registry.connected(identity, version);
        logger.debug({ ...identity, version }, "node connected");
      },
      onSent: (delta) => {
        metrics.responses.inc({ type: delta.fromVersion === 0 ? "full" : "delta" });
      },
      onAck: (version) => {
        metrics.answers.inc({ type: "ack" });
        const { identity } = streamOf();
        if (identity) registry.acked(identity, version);
      },
      onNack: (version, nack) => {
        metrics.answers.inc({ type: "nack" });
        const { identity } = streamOf();
        const rejected = boundedRejections(nack);
        const shown = rejected.slice(0, rejectionsLoggedMax);
        logger.warn({ node: identity?.name, version, rejected: shown }, "snapshot refused");
        if (identity) registry.nacked(identity, { version, rejected });
      },
      onDrop: (reason) => {
        metrics.drops.inc({ reason });
        logger.warn({ node: streamOf().identity?.name, reason }, "node dropped");
      },
    };
  }

  /** The newest stream of a name wins: the older one is a connection that broke unseen. */
  #greet(stream: OpenStream, hello: discovery.Hello): BuildRollout {
    const { logger, clock } = this.#options;
    const identity = identityFrom(hello);
    const principal = stream.context.values.get(nodePrincipalKey);
    const denial = denialOf(identity, principal);
    if (denial !== undefined) this.#deny(denial, stream.context);
    const { name, region, bootId } = identity;
    const older = this.#byNode.get(name);
    if (older) {
      logger.warn(
        { node: name, region, boot_id: bootId },
        "node connected again; old stream ended",
      );
      older.end(new ConnectError("the node has opened a newer stream", Code.Aborted));
    }
    this.#byNode.set(name, stream.session);
    stream.identity = identity;
    return this.builds.rolloutOf(identity.build, clock.now());
  }

  #deny(message: string, context: HandlerContext): never {
    this.#options.metrics.drops.inc({ reason: "denied" });
    this.#options.onDenied?.(message, context);
    throw new ConnectError(message, Code.PermissionDenied);
  }

  #release(stream: OpenStream): void {
    if (!this.#streams.delete(stream)) return;
    const { metrics, registry, logger, clock } = this.#options;
    const { identity, session, peer } = stream;
    session.leave();
    metrics.connected.set(this.#streams.size);
    void clock.sleep(lingerMs).then(peer.close);
    if (!identity) return;
    if (this.#byNode.get(identity.name) === session) this.#byNode.delete(identity.name);
    registry.disconnected(identity);
    logger.debug({ node: identity.name }, "node disconnected");
  }

  #sweep(): void {
    const nowMs = this.#options.clock.now();
    for (const { session, peer, endAtMs } of this.#streams) {
      session.tick(nowMs);
      if (session.isStuck(nowMs)) peer.cut();
      else if (nowMs >= endAtMs && session.end(aged())) {
        this.#options.metrics.drops.inc({ reason: "age" });
      }
    }
    this.#showHeld();
  }

  #endAll(reason: () => ConnectError, drop?: string): void {
    for (const { session } of this.#streams) {
      if (session.end(reason()) && drop !== undefined) {
        this.#options.metrics.drops.inc({ reason: drop });
      }
    }
  }

  #reportHeld(held: readonly HeldOfBuild[], by: string): void {
    this.#logHeld(held, by);
    this.#options.onHeld?.(held);
  }

  #logHeld(held: readonly HeldOfBuild[], by: string): void {
    for (const { build, kind, name, revision, message } of held.slice(0, rejectionsMax)) {
      this.#options.logger.warn(
        { build, kind, name, revision, message, refused_at: by },
        "a resource is held back from nodes of this build, since one refused it",
      );
    }
    this.#showHeld();
  }

  #showHeld(): void {
    const { held } = this.#options.metrics;
    held.reset();
    for (const [build, ofBuild] of this.builds.held()) held.set({ build }, ofBuild.length);
  }

  #reportTrouble(build: string, trouble: RolloutTrouble): void {
    this.#options.metrics.rolloutTroubles.inc({ trouble });
    this.#options.logger.warn({ build, trouble }, troubles[trouble]);
  }
}

const rejectionsLoggedMax = 5;

const troubles: Record<RolloutTrouble, string> = {
  canaries_late: "three canaries did not answer in time; all nodes of the build get the change",
  canaries_lost: "three canaries were lost with a change; it rests before it is tried again",
  refused_whole: "a change was refused as a whole; the build gets it with the next one",
};

/** A node acts only for itself. */
function denialOf(
  { name, region }: NodeIdentity,
  principal: NodePrincipal | undefined,
): string | undefined {
  if (principal?.node !== undefined && principal.node !== name) {
    return `the ${principal.by} is node ${principal.node}'s; it can't act for node ${name}`;
  }
  if (principal?.region !== undefined && principal.region !== region) {
    return `the ${principal.by} is for region ${principal.region}, not for region ${region || "(none)"}`;
  }
  return undefined;
}

function boundedRejections({ rejected }: discovery.Nack) {
  return rejected.slice(0, rejectionsMax).map(({ kind, name, message }) => ({
    kind: kind.slice(0, 128),
    name: name.slice(0, 128),
    message: message.slice(0, rejectionMessageMax),
  }));
}
