/** The admin API for tests: no sockets, any caller, a store in memory. */
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type Interceptor,
} from "@connectrpc/connect";
import { createSealer } from "@headgate/config";
import { type Clock, seededRandom, systemClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { pino } from "pino";
import { createAuditor, type StoredAuditor } from "../audit/create-auditor.ts";
import { type Principal, principalKey } from "../auth/principal.ts";
import { ResourceCodec } from "../resources/resource-codec.ts";
import { ResourceWriter } from "../resources/resource-writer.ts";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";
import { createControlPlaneMetrics } from "../telemetry/control-plane-metrics.ts";
import type { AdminDelegates } from "./admin-delegates.ts";
import { AdminLog } from "./admin-log.ts";
import { createAdminService } from "./admin-service.ts";
import { ApplyService } from "./apply-service.ts";

export type AdminClient = Client<typeof admin.AdminService>;

export interface AdminApi {
  /** Of the process itself: everything is allowed. */
  readonly api: AdminClient;
  as(principal: Principal): AdminClient;
  readonly apply: ApplyService;
  readonly auditor: StoredAuditor;
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly logLines: readonly string[];
  /** As the end of the control plane does. */
  stop(): void;
  /** Entries of the audit log, newest first. */
  entries(filter?: string): Promise<readonly admin.AuditEntry[]>;
  /** Refused calls without an entry. */
  droppedCount(): Promise<number>;
}

export interface AdminApiOptions {
  readonly store?: Store;
  readonly clock?: Clock;
  readonly watchesMax?: number;
}

export function testAdminApi({ clock = systemClock, ...options }: AdminApiOptions = {}): AdminApi {
  const store = options.store ?? createEmbeddedStore({ path: ":memory:", clock });
  const codec = new ResourceCodec(createSealer(new Uint8Array(32).fill(7)));
  const logLines: string[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => logLines.push(line) });
  const { audit: metrics } = createControlPlaneMetrics();
  const auditor = createAuditor({ store, codec, clock, random: seededRandom(1), logger, metrics });
  const writer = new ResourceWriter({ store, codec, auditor });
  const writing = { writer, clock, hmacKey: new Uint8Array(32).fill(9) };
  const apply = new ApplyService(writing);
  const stopping = new AbortController();
  const service = createAdminService({
    ...unimplementedDelegates,
    nodes: { listNodes: () => ({ nodes: [] }) },
    writing,
    apply,
    auditor,
    log: new AdminLog(logger),
    logger,
    signal: stopping.signal,
    ...(options.watchesMax !== undefined && { watchesMax: options.watchesMax }),
  });
  const clientOf = (interceptors: Interceptor[]) =>
    createClient(
      admin.AdminService,
      createRouterTransport((router) => router.service(admin.AdminService, service), {
        router: { interceptors },
      }),
    );
  const api = clientOf([]);
  return {
    api,
    as: (principal) => clientOf([calledBy(principal)]),
    apply,
    auditor,
    store,
    codec,
    logLines,
    stop: () => stopping.abort(),
    entries: async (filter = "") => {
      await auditor.flush();
      return (await api.listAuditEntries({ filter })).entries;
    },
    droppedCount: async () => (await metrics.dropped.get()).values[0]?.value ?? 0,
  };
}

function calledBy(principal: Principal): Interceptor {
  return (next) => (request) => {
    request.contextValues.set(principalKey, principal);
    return next(request);
  };
}

/** The same store, but for what is told. */
export function storeWith(store: Store, overrides: Partial<Store>): Store {
  return {
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    transact: (...args) => store.transact(...args),
    watch: (...args) => store.watch(...args),
    grantLease: (...args) => store.grantLease(...args),
    compact: (...args) => store.compact(...args),
    close: () => store.close(),
    ...overrides,
  };
}

/** The calls that are answered elsewhere. */
const unimplementedDelegates: Omit<AdminDelegates, "nodes"> = {
  tokens: {
    createAdminToken: unimplemented,
    listAdminTokens: unimplemented,
    deleteAdminToken: unimplemented,
    whoAmI: unimplemented,
  },
  joining: {
    createJoinToken: unimplemented,
    listJoinTokens: unimplemented,
    deleteJoinToken: unimplemented,
    deleteNode: unimplemented,
  },
  status: {
    getStatus: unimplemented,
    getSecretsStatus: unimplemented,
    resealSecrets: unimplemented,
  },
};

function unimplemented(): never {
  throw new ConnectError("this control plane does not answer this call", Code.Unimplemented);
}
