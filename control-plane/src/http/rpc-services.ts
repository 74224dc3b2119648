import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { admin, discovery } from "@headgate/proto";
import type { Gate } from "./gates.ts";

export interface RpcServices {
  readonly admin: ServiceImpl<typeof admin.AdminService>;
  readonly discovery: ServiceImpl<typeof discovery.DiscoveryService>;
  readonly observer: Interceptor;
}

export interface Gates {
  readonly admin: Gate;
  readonly node: Gate;
}

/** An Apply of a 4 MiB file fits, as JSON too. */
const adminReadMaxBytes = 16 * 1024 * 1024;

/** A NACK of 100 rejections of 1 KiB fits. */
const discoveryReadMaxBytes = 256 * 1024;

/** Without gates: in-process calls, which are authorised by being there. */
export function routeAdmin(router: ConnectRouter, services: RpcServices, gates?: Gates): void {
  router.service(admin.AdminService, services.admin, {
    readMaxBytes: adminReadMaxBytes,
    interceptors: [services.observer],
    jsonOptions: { ignoreUnknownFields: false },
    ...(gates && { requestGate: gates.admin }),
  });
}

export function routeDiscovery(router: ConnectRouter, services: RpcServices, gates?: Gates): void {
  router.service(discovery.DiscoveryService, services.discovery, {
    readMaxBytes: discoveryReadMaxBytes,
    ...(gates && { requestGate: gates.node }),
  });
}
