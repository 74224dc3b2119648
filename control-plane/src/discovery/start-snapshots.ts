import type { HandlerContext } from "@connectrpc/connect";
import type { Bus } from "@headgate/bus";
import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import { LoadFeed } from "../load/load-feed.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import type { ControlPlaneMetrics } from "../telemetry/control-plane-metrics.ts";
import { Debouncer, type DebounceTimes, defaultDebounce } from "./debouncer.ts";
import { DiscoveryServer } from "./discovery-server.ts";
import { Fleet } from "./fleet.ts";
import { HeldSharing } from "./held-sharing.ts";
import { NodeRegistry } from "./node-registry.ts";
import type { RolloutTimes } from "./rollout.ts";
import { SnapshotCache } from "./snapshot-cache.ts";
import { SnapshotFeed } from "./snapshot-feed.ts";

/** Each has a default. */
export interface DiscoveryLimits {
  readonly debounce?: DebounceTimes;
  readonly rollout?: Partial<RolloutTimes>;
  /** Nodes connected at once. */
  readonly nodesMax?: number;
}

export interface SnapshotsOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: ControlPlaneMetrics;
  readonly replica: { readonly name: string; readonly region: string; readonly build: string };
  readonly limits: DiscoveryLimits;
  /** A node said to be another than it proved. */
  readonly onDenied: (message: string, context: HandlerContext) => void;
}

/** From the store to the nodes, and what replicas tell each other of their nodes. */
export interface Snapshots {
  readonly cache: SnapshotCache;
  readonly feed: SnapshotFeed;
  readonly discovery: DiscoveryServer;
  readonly fleet: Fleet;
  stop(): Promise<void>;
}

export function startSnapshots(options: SnapshotsOptions): Snapshots {
  const { clock, metrics, replica, limits } = options;
  const { debounce = defaultDebounce, rollout = {}, nodesMax } = limits;
  const cache = new SnapshotCache();
  const registry = new NodeRegistry(clock, replica.name);
  const discovery: DiscoveryServer = new DiscoveryServer({
    ...options,
    cache,
    registry,
    metrics: metrics.discovery,
    rollout,
    ...(nodesMax !== undefined && { nodesMax }),
    onHeld: (held) => sharing.tell(held),
  });
  registry.showHeld((build) => discovery.builds.heldOf(build));
  const sharing = new HeldSharing({
    ...options,
    onHeld: (held) => discovery.hold(held),
    held: () => discovery.builds.heldOfAll(),
  });
  const load = new LoadFeed({ ...options, metrics: metrics.load });
  const fleet = new Fleet({
    ...options,
    registry,
    version: () => cache.version,
    connectedNodes: () => discovery.connectedNodes,
    heldOf: (build) => discovery.builds.heldOf(build),
    loadOf: (node) => load.loadOf(node),
  });
  const debouncer = new Debouncer({
    clock,
    times: debounce,
    act: () => {
      cache.publish();
      discovery.wakeAll();
    },
  });
  const feed = new SnapshotFeed({
    ...options,
    cache,
    metrics: metrics.feed,
    onChange: (urgent) => {
      metrics.feed.version.set(cache.version);
      metrics.feed.resources.set(cache.size);
      if (urgent) debouncer.flush();
      else debouncer.trigger();
    },
  });
  feed.start();
  return {
    cache,
    feed,
    discovery,
    fleet,
    stop: async () => {
      discovery.stop();
      debouncer.stop();
      await Promise.all([feed.stop(), fleet.stop(), sharing.stop(), load.stop()]);
    },
  };
}
