import { createRouterTransport, type Transport } from "@connectrpc/connect";
import type { Bus } from "@headgate/bus";
import type { OidcConfig, Sealer } from "@headgate/config";
import type { Clock, Random } from "@headgate/core";
import type { resources } from "@headgate/proto";
import type { Logger } from "pino";
import { applyFailure } from "./admin/admin-errors.ts";
import { AdminLog } from "./admin/admin-log.ts";
import { createAdminService } from "./admin/admin-service.ts";
import { type Applied, ApplyService } from "./admin/apply-service.ts";
import { ownSource } from "./audit/audit-source.ts";
import { createAuditor } from "./audit/create-auditor.ts";
import { startAccess } from "./auth/start-access.ts";
import { Debouncer, type DebounceTimes, defaultDebounce } from "./discovery/debouncer.ts";
import { DiscoveryServer } from "./discovery/discovery-server.ts";
import { NodeRegistry } from "./discovery/node-registry.ts";
import { SnapshotCache } from "./discovery/snapshot-cache.ts";
import { SnapshotFeed } from "./discovery/snapshot-feed.ts";
import { createCallObserver } from "./http/call-observer.ts";
import type { Gates } from "./http/gates.ts";
import { createHealth, type Health } from "./http/health-service.ts";
import { type BoundAddress, type ListenAt, type Listener, listen } from "./http/listener.ts";
import { rpcHandler } from "./http/node-adapter.ts";
import { createPlainRoutes } from "./http/plain-routes.ts";
import {
  healthNames,
  type RpcServices,
  routeAdmin,
  routeDiscovery,
  routeIdentity,
  routeTools,
} from "./http/rpc-services.ts";
import { createHttp1Server, createHttp2PortServer } from "./http/servers.ts";
import { createNodeIdentity } from "./identity/node-identity.ts";
import { ResourceCodec } from "./resources/resource-codec.ts";
import { ResourceWriter } from "./resources/resource-writer.ts";
import { loadOrCreateSettings } from "./resources/settings.ts";
import { createSecretsService } from "./status/secrets-service.ts";
import { type BackendKinds, createStatusService } from "./status/status-service.ts";
import type { Store } from "./store/store.ts";
import {
  type ControlPlaneMetrics,
  createControlPlaneMetrics,
} from "./telemetry/control-plane-metrics.ts";

export interface ControlPlaneOptions {
  /** Stays the caller's: close it after stop(). */
  readonly store: Store;
  /** Where replicas meet. Stays the caller's, too. */
  readonly bus: Bus;
  /** What the two are made of, for people. Default: embedded. */
  readonly backends?: BackendKinds;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly adminToken: string;
  /** Whose tokens are taken besides. */
  readonly oidc?: OidcConfig;
  /**
   * With it nodes join, any number of them. Without it, and without a client authority for `grpc`, nodes
   * on this machine need no proof of who they are.
   */
  readonly joinToken?: string;
  readonly region: string;
  /** The name of this replica, one of its own each. */
  readonly replica: string;
  readonly build: string;
  readonly listen: {
    /** HTTP/1.1: the admin API as Connect and JSON, metrics, health. */
    readonly admin?: ListenAt;
    /** HTTP/2: admin API and discovery as gRPC and Connect. */
    readonly grpc?: ListenAt;
  };
  /** Metrics of what else runs in this process, for the admin port's page; no name twice. */
  readonly moreMetrics?: () => Promise<string>;
  readonly debounce?: DebounceTimes;
  /** Nodes connected at once. Default 10,000. */
  readonly nodesMax?: number;
}

export interface ControlPlane {
  readonly adminAddress?: BoundAddress;
  readonly grpcAddress?: BoundAddress;
  /** To both services in this process, authorised already. */
  readonly transport: Transport;
  /**
   * Apply a watched file: it owns what it names, prunes what it no longer names.
   *
   * @throws ConnectError as AdminService.Apply does; what was in force stays.
   */
  applyFile(input: {
    readonly file: string;
    readonly resources: resources.ResourceSet;
  }): Promise<Applied>;
  /** No file is watched from now on: what files owned can be edited by the API again. */
  releaseFiles(): Promise<void>;
  metricsText(): Promise<string>;
  /** End streams, close sockets. Idempotent. Takes 2 seconds at most. */
  stop(): Promise<void>;
}

/**
 * One control-plane replica: admin API -> store -> watch -> snapshot cache -> discovery.
 *
 * @throws UnsealError if the store was sealed with another key; what listen() reports.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, clock, logger } = options;
  if (options.adminToken === "") throw new RangeError("adminToken must not be empty");
  const metrics = createControlPlaneMetrics();
  const codec = new ResourceCodec(options.sealer);
  const settings = await loadOrCreateSettings(store, codec);

  const snapshots = startSnapshots(options, { codec, metrics });
  const { cache, feed, discovery, registry } = snapshots;
  await feed.loaded;

  const { random } = options;
  const auditor = createAuditor({ store, codec, clock, random, logger, metrics: metrics.audit });
  const kept = { store, codec, clock, random, logger, auditor };
  const { joinToken, sealer } = options;
  const sealing = { store, sealer, clock, auditor };
  const identity = await createNodeIdentity({
    ...kept,
    joinToken,
    trustsThisMachine: joinToken === undefined && options.listen.grpc?.tls?.clientCa === undefined,
    onRevoked: (node) => discovery.letGo(node),
  });
  const access = startAccess({
    ...kept,
    rootToken: options.adminToken,
    oidc: options.oidc,
    authenticateNode: identity.authenticate,
  });
  await access.loaded;
  const writer = new ResourceWriter({ store, codec, auditor });
  const writing = { writer, clock, hmacKey: settings.keyHmacKey };
  const apply = new ApplyService(writing);
  const stopping = new AbortController();
  const log = new AdminLog(logger);
  const services: RpcServices = {
    admin: createAdminService({
      tokens: access.tokens,
      joining: identity.joining,
      status: {
        ...createStatusService({
          ...options,
          kinds: options.backends ?? { store: "embedded", bus: "embedded" },
          electors: [],
          version: () => cache.version,
          listReplicas: () => [],
        }),
        ...createSecretsService(sealing),
      },
      writing,
      apply,
      auditor,
      log,
      logger,
      signal: stopping.signal,
      nodes: { listNodes: () => ({ nodes: registry.list(cache.version) }) },
    }),
    discovery: discovery.implementation,
    identity: identity.implementation,
    observer: createCallObserver({ clock, logger, metrics: metrics.admin }),
    interceptors: [access.interceptor],
  };

  const metricsText = async (): Promise<string> =>
    (await metrics.registry.metrics()) + ((await options.moreMetrics?.()) ?? "");
  const whyNotReady = () => (feed.isLoaded ? undefined : "the store has not been read yet");
  const plainRoutes = createPlainRoutes({ metricsText, whyNotReady });
  const health = createHealth({ services: healthNames, whyNotReady, clock });
  const served = { services, gates: access.gates, health, plainRoutes };
  const listeners = await openListeners(options, served).catch(async (error) => {
    await Promise.all([snapshots.stop(), access.stop(), identity[Symbol.asyncDispose]()]);
    throw error;
  });

  let stopped: Promise<void> | undefined;
  return {
    ...(listeners.admin && { adminAddress: listeners.admin.address }),
    ...(listeners.grpc && { grpcAddress: listeners.grpc.address }),
    transport: createRouterTransport((router) => {
      routeAdmin(router, services);
      routeDiscovery(router, services);
    }),
    applyFile: async ({ file, resources: set }) => {
      const result = await apply.applyFile(file, set);
      if (!result.ok) throw applyFailure(result);
      const { changes, revision, transactions } = result;
      const source = ownSource(`file ${file}`, "ApplyFile");
      log.wrote(source, { revision: Number(revision), changes: changes.length });
      return { changes, revision, transactions };
    },
    releaseFiles: async () => {
      const result = await apply.releaseFiles();
      if (result.ok) return;
      // A store that holds something invalid must not keep the control plane from starting: it is needed to mend it.
      const { message } = applyFailure(result);
      logger.warn({ reason: message }, "what files owned could not be released");
    },
    metricsText,
    stop: () => {
      stopping.abort();
      health.stop();
      stopped ??= Promise.all([
        stopAll(snapshots, listeners),
        access.stop(),
        identity[Symbol.asyncDispose](),
      ]).then(() => auditor.flush());
      return stopped;
    },
  };
}

interface Listeners {
  readonly admin?: Listener;
  readonly grpc?: Listener;
}

type PlainRoutes = ReturnType<typeof createPlainRoutes>;

/** From the store to the nodes. */
function startSnapshots(
  options: ControlPlaneOptions,
  { codec, metrics }: { codec: ResourceCodec; metrics: ControlPlaneMetrics },
) {
  const { store, clock, random, logger, debounce = defaultDebounce, nodesMax } = options;
  const cache = new SnapshotCache();
  const registry = new NodeRegistry(clock);
  const discovery = new DiscoveryServer({
    cache,
    registry,
    clock,
    random,
    logger,
    metrics: metrics.discovery,
    ...(nodesMax !== undefined && { nodesMax }),
  });
  const publish = () => {
    cache.publish();
    discovery.wakeAll();
  };
  const debouncer = new Debouncer({ clock, times: debounce, act: publish });
  const onChange = (urgent: boolean) => {
    metrics.feed.version.set(cache.version);
    metrics.feed.resources.set(cache.size);
    if (urgent) debouncer.flush();
    else debouncer.trigger();
  };
  const feed = new SnapshotFeed({
    store,
    codec,
    cache,
    clock,
    random,
    logger,
    metrics: metrics.feed,
    onChange,
  });
  feed.start();
  const stop = async () => {
    discovery.stop();
    debouncer.stop();
    await feed.stop();
  };
  return { cache, registry, discovery, feed, stop };
}

interface Served {
  readonly services: RpcServices;
  readonly gates: Gates;
  readonly health: Health;
  readonly plainRoutes: PlainRoutes;
}

async function openListeners(
  { listen: at, clock, logger }: ControlPlaneOptions,
  { services, gates, health, plainRoutes: fallback }: Served,
): Promise<Listeners> {
  const tools = { health, gate: gates.anyRole };
  const adminHandler = rpcHandler({
    routes: (router) => {
      routeAdmin(router, services, gates);
      routeTools(router, tools);
    },
    fallback,
    logger,
  });
  const bothHandler = rpcHandler({
    routes: (router) => {
      routeAdmin(router, services, gates);
      routeDiscovery(router, services, gates);
      routeIdentity(router, services);
      routeTools(router, tools);
    },
    fallback,
    logger,
  });
  const admin =
    at.admin && (await listen(createHttp1Server(at.admin.tls, adminHandler), at.admin, clock));
  try {
    const grpc =
      at.grpc && (await listen(createHttp2PortServer(at.grpc.tls, bothHandler), at.grpc, clock));
    return { ...(admin && { admin }), ...(grpc && { grpc }) };
  } catch (error) {
    await admin?.stop();
    throw error;
  }
}

async function stopAll(
  snapshots: { readonly stop: () => Promise<void> },
  { admin, grpc }: Listeners,
): Promise<void> {
  await snapshots.stop();
  await Promise.all([admin?.stop(), grpc?.stop()]);
}
