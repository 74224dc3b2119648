import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { type Clock, seededRandom } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { pino } from "pino";
import { type NodePrincipal, nodePrincipalKey } from "../auth/principal.ts";
import { Debouncer, defaultDebounce } from "../discovery/debouncer.ts";
import { DiscoveryServer, type DiscoveryServerOptions } from "../discovery/discovery-server.ts";
import { NodeRegistry } from "../discovery/node-registry.ts";
import { SnapshotCache } from "../discovery/snapshot-cache.ts";
import { SnapshotFeed } from "../discovery/snapshot-feed.ts";
import { ResourceCodec } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import { createControlPlaneMetrics } from "../telemetry/control-plane-metrics.ts";
import { testSealer } from "./test-control-plane.ts";

export interface TestReplica extends AsyncDisposable {
  readonly server: DiscoveryServer;
  readonly registry: NodeRegistry;
  readonly cache: SnapshotCache;
  readonly logLines: readonly string[];
  /** In this process, as whoever this is. */
  readonly transport: (principal?: NodePrincipal) => Transport;
  metricsText(): Promise<string>;
}

/** The discovery half of a control plane, without sockets, on a store that another one writes. */
export async function testReplica(
  options: Partial<DiscoveryServerOptions> & { readonly store: Store; readonly clock: Clock },
): Promise<TestReplica> {
  const { store, clock } = options;
  const logLines: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => logLines.push(line) });
  const metrics = createControlPlaneMetrics();
  const cache = new SnapshotCache();
  const registry = new NodeRegistry(clock);
  const random = seededRandom(1);
  const server = new DiscoveryServer({
    cache,
    registry,
    random,
    logger,
    metrics: metrics.discovery,
    ...options,
  });
  const publish = () => {
    cache.publish();
    server.wakeAll();
  };
  const debouncer = new Debouncer({ clock, times: defaultDebounce, act: publish });
  const feed = new SnapshotFeed({
    store,
    codec: new ResourceCodec(testSealer),
    cache,
    clock,
    random,
    logger,
    metrics: metrics.feed,
    onChange: (urgent) => (urgent ? debouncer.flush() : debouncer.trigger()),
  });
  feed.start();
  await feed.loaded;
  return {
    server,
    registry,
    cache,
    logLines,
    metricsText: () => metrics.registry.metrics(),
    transport: (principal) =>
      createRouterTransport((router) => {
        router.service(discovery.DiscoveryService, server.implementation, {
          requestGate: ({ values }) => {
            values.set(nodePrincipalKey, principal);
          },
        });
      }),
    [Symbol.asyncDispose]: async () => {
      server.stop();
      debouncer.stop();
      await feed.stop();
    },
  };
}
