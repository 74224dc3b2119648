import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import type { Gates } from "./gates.ts";
import type { Health } from "./health-service.ts";
import { type ListenAt, type Listener, listen, type TlsTexts } from "./listener.ts";
import { rpcHandler } from "./node-adapter.ts";
import type { createPlainRoutes } from "./plain-routes.ts";
import {
  type RpcServices,
  routeAdmin,
  routeDiscovery,
  routeIdentity,
  routeTools,
} from "./rpc-services.ts";
import { createHttp1Server, createHttp2PortServer } from "./servers.ts";
import { startTlsReload } from "./tls-reload.ts";

export interface ListenOptions {
  readonly listen: {
    /** HTTP/1.1: the admin API as Connect and JSON, metrics, health. */
    readonly admin?: ListenAt;
    /** HTTP/2: admin API and discovery as gRPC and Connect. */
    readonly grpc?: ListenAt;
    /** Reads the certificate files of both again, to put in force what has changed. */
    readonly readTls?: () => Promise<TlsTexts>;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the server's certificate ends. */
  readonly onCertificate: (expireTimeMs: number) => void;
}

export interface Served {
  readonly services: RpcServices;
  readonly gates: Gates;
  readonly health: Health;
  readonly fallback: ReturnType<typeof createPlainRoutes>;
}

export interface Listeners {
  readonly admin?: Listener;
  readonly grpc?: Listener;
  stop(): Promise<void>;
}

/** @throws what listen() reports, and what TLS says of a bad certificate; nothing is left open then. */
export async function openListeners(options: ListenOptions, served: Served): Promise<Listeners> {
  const { clock, logger, listen: at, onCertificate } = options;
  const handlers = handlersFor(served, logger);
  const adminServer = at.admin && createHttp1Server(at.admin.tls, handlers.admin);
  const grpcServer = at.grpc && createHttp2PortServer(at.grpc.tls, handlers.both);
  const admin = at.admin && adminServer && (await listen(adminServer, at.admin, clock));
  const grpc =
    at.grpc &&
    grpcServer &&
    (await listen(grpcServer, at.grpc, clock).catch(async (error: unknown) => {
      await admin?.stop();
      throw error;
    }));
  const tls = at.admin?.tls ?? at.grpc?.tls;
  const servers = [adminServer, grpcServer].filter(
    (server) => server !== undefined && "setSecureContext" in server,
  );
  const reload =
    tls && at.readTls
      ? startTlsReload({ tls, read: at.readTls, servers, clock, logger, onCertificate })
      : undefined;
  return {
    ...(admin && { admin }),
    ...(grpc && { grpc }),
    stop: async () => {
      reload?.[Symbol.dispose]();
      await Promise.all([admin?.stop(), grpc?.stop()]);
    },
  };
}

function handlersFor({ services, gates, health, fallback }: Served, logger: Logger) {
  const tools = { health, gate: gates.anyRole };
  return {
    admin: rpcHandler({
      routes: (router) => {
        routeAdmin(router, services, gates);
        routeTools(router, tools);
      },
      fallback,
      logger,
    }),
    both: rpcHandler({
      routes: (router) => {
        routeAdmin(router, services, gates);
        routeDiscovery(router, services, gates);
        routeIdentity(router, services);
        routeTools(router, tools);
      },
      fallback,
      logger,
    }),
  };
}
