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
import { nodeFilter } from "./admin/node-filter.ts";
import { ownSource } from "./audit/audit-source.ts";
import { createAuditor } from "./audit/create-auditor.ts";
import { startAccess } from "./auth/start-access.ts";
import type { DebounceTimes } from "./discovery/debouncer.ts";
import type { RolloutTimes } from "./discovery/rollout.ts";
import { startSnapshots } from "./discovery/start-snapshots.ts";
import { createCallObserver } from "./http/call-observer.ts";
import { createHealth } from "./http/health-service.ts";
import type { BoundAddress } from "./http/listener.ts";
import { type ListenOptions, openListeners } from "./http/open-listeners.ts";
import { createPlainRoutes } from "./http/plain-routes.ts";
import { healthNames, type RpcServices, routeAdmin, routeDiscovery } from "./http/rpc-services.ts";
import { createNodeIdentity } from "./identity/node-identity.ts";
import { startLeading } from "./leadership/start-leading.ts";
import { ResourceCodec } from "./resources/resource-codec.ts";
import { ResourceWriter } from "./resources/resource-writer.ts";
import { loadOrCreateSettings } from "./resources/settings.ts";
import { createSecretsService } from "./status/secrets-service.ts";
import { type BackendKinds, createStatusService } from "./status/status-service.ts";
import type { Store } from "./store/store.ts";
import { createControlPlaneMetrics } from "./telemetry/control-plane-metrics.ts";

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
  /** The root token. */
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
  readonly listen: ListenOptions["listen"];
  /** Metrics of what else runs in this process, for the admin port's page; no name twice. */
  readonly moreMetrics?: () => Promise<string>;
  readonly debounce?: DebounceTimes;
  readonly rollout?: Partial<RolloutTimes>;
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
  /** Resign, end streams, close sockets. Idempotent. Takes a few seconds at most. */
  stop(): Promise<void>;
}

/**
 * One control-plane replica: admin API -> store -> watch -> snapshot cache -> discovery.
 *
 * @throws UnsealError if the store was sealed with another key; what listen() reports.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, sealer, clock, random, logger, joinToken, region, build } = options;
  if (options.adminToken === "") throw new RangeError("adminToken must not be empty");
  await using starting = new AsyncDisposableStack();
  const metrics = createControlPlaneMetrics();
  const codec = new ResourceCodec(sealer);
  const settings = await loadOrCreateSettings(store, codec, logger);
  const auditor = createAuditor({ store, codec, clock, random, logger, metrics: metrics.audit });
  starting.defer(() => auditor.flush());
  const shared = { store, codec, sealer, clock, random, logger, auditor };

  const snapshots = startSnapshots({
    ...shared,
    ...{ bus: options.bus, metrics, replica: { name: options.replica, region, build } },
    limits: options,
    onDenied: (message, context) => auditor.denied(auditor.sourceOf(context), message),
  });
  const stopSnapshots = onceOnly(() => snapshots.stop());
  starting.defer(stopSnapshots);
  const { cache, feed, fleet, discovery } = snapshots;
  await feed.loaded;

  const hasClientCa = options.listen.grpc?.tls?.clientCa !== undefined;
  const identity = await createNodeIdentity({
    ...shared,
    joinToken,
    trustsThisMachine: joinToken === undefined && !hasClientCa,
    onRevoked: (node) => {
      discovery.letGo(node);
      fleet.forgetNode(node);
    },
  });
  starting.use(identity);
  const access = startAccess({
    ...shared,
    rootToken: options.adminToken,
    oidc: options.oidc,
    authenticateNode: identity.authenticate,
  });
  starting.defer(() => access.stop());
  await access.loaded;

  const candidate = { name: options.replica };
  const leading = startLeading({ ...shared, metrics: metrics.leadership, candidate });
  const stopLeading = onceOnly(() => leading.stop());
  starting.defer(stopLeading);
  const status = createStatusService({
    ...options,
    kinds: options.backends ?? { store: "embedded", bus: "embedded" },
    electors: leading.electors,
    version: () => cache.version,
    listReplicas: () => fleet.listReplicas(),
  });

  const writer = new ResourceWriter({ store, codec, auditor });
  const writing = { writer, clock, hmacKey: settings.keyHmacKey };
  const apply = new ApplyService(writing);
  const log = new AdminLog(logger);
  const stopping = new AbortController();
  const services: RpcServices = {
    admin: createAdminService({
      ...{ writing, apply, auditor, log, logger, signal: stopping.signal },
      tokens: access.tokens,
      joining: identity.joining,
      status: { ...status, ...createSecretsService(shared) },
      nodes: { listNodes: ({ filter }) => ({ nodes: fleet.listNodes(nodeFilter(filter)) }) },
    }),
    discovery: discovery.implementation,
    identity: identity.implementation,
    observer: createCallObserver({ clock, logger, metrics: metrics.admin }),
    interceptors: [access.interceptor],
  };

  const metricsText = async (): Promise<string> =>
    (await metrics.registry.metrics()) + ((await options.moreMetrics?.()) ?? "");
  const whyNotReady = () => (feed.isLoaded ? undefined : "the store has not been read yet");
  const fallback = createPlainRoutes({ metricsText, whyNotReady });
  const health = createHealth({ services: healthNames, whyNotReady, clock });
  const { expireTime } = metrics.tls;
  const onCertificate = (ms: number) => expireTime.set({ certificate: "server" }, ms / 1000);
  const served = { services, gates: access.gates, health, fallback };
  const listeners = await openListeners({ ...options, onCertificate }, served);
  starting.defer(() => listeners.stop());
  // First of all: others take over at once, and nodes and watchers go elsewhere.
  starting.defer(async () => {
    stopping.abort();
    health.stop();
    await Promise.all([stopLeading(), stopSnapshots()]);
  });

  const running = starting.move();
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
    stop: onceOnly(() => running.disposeAsync()),
  };
}

function onceOnly(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
