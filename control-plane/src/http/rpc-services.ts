import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { admin, discovery, grpcHealth, grpcReflection, grpcReflectionAlpha } from "@headgate/proto";
import type { Gate, Gates } from "./gates.ts";
import type { Health } from "./health-service.ts";
import { createReflection } from "./reflection-service.ts";

export interface RpcServices {
  readonly admin: ServiceImpl<typeof admin.AdminService>;
  readonly discovery: ServiceImpl<typeof discovery.DiscoveryService>;
  readonly identity: ServiceImpl<typeof discovery.NodeIdentityService>;
  readonly observer: Interceptor;
  /** Behind the observer, of AdminService. */
  readonly interceptors: readonly Interceptor[];
}

/** An Apply of a 4 MiB file fits, as JSON too. */
const adminReadMaxBytes = 16 * 1024 * 1024;

/** A NACK of 100 rejections of 1 KiB fits. */
const discoveryReadMaxBytes = 256 * 1024;

/** A public key, an assertion. */
const identityReadMaxBytes = 16 * 1024;

/** A question is a name. */
const toolsReadMaxBytes = 16 * 1024;

/** Without gates: in-process calls, which are authorised by being there. */
export function routeAdmin(
  router: ConnectRouter,
  services: RpcServices,
  gates?: Pick<Gates, "admin">,
): void {
  router.service(admin.AdminService, services.admin, {
    readMaxBytes: adminReadMaxBytes,
    interceptors: [services.observer, ...services.interceptors],
    jsonOptions: { ignoreUnknownFields: false },
    ...(gates && { requestGate: gates.admin }),
  });
}

export function routeDiscovery(
  router: ConnectRouter,
  services: RpcServices,
  gates?: Pick<Gates, "node">,
): void {
  router.service(discovery.DiscoveryService, services.discovery, {
    readMaxBytes: discoveryReadMaxBytes,
    ...(gates && { requestGate: gates.node }),
  });
}

/** How nodes get in. Without a gate: what is shown is looked at by the service. */
export function routeIdentity(router: ConnectRouter, services: RpcServices): void {
  router.service(discovery.NodeIdentityService, services.identity, {
    readMaxBytes: identityReadMaxBytes,
    interceptors: [services.observer],
  });
}

/** What gRPC's tools ask: health of anybody's, reflection of whoever may call AdminService at all. */
export function routeTools(
  router: ConnectRouter,
  { health, gate }: { readonly health: Health; readonly gate: Gate },
): void {
  const reflection = createReflection([
    admin.file_headgate_admin_v1_admin,
    discovery.file_headgate_discovery_v1_discovery,
    grpcHealth.file_grpc_health_v1_health,
    grpcReflection.file_grpc_reflection_v1_reflection,
    grpcReflectionAlpha.file_grpc_reflection_v1alpha_reflection,
  ]);
  const readMaxBytes = toolsReadMaxBytes;
  const gated = { readMaxBytes, requestGate: gate };
  router.service(grpcHealth.Health, health.implementation, { readMaxBytes });
  router.service(grpcReflection.ServerReflection, reflection.v1, gated);
  router.service(grpcReflectionAlpha.ServerReflection, reflection.v1alpha, gated);
}

/** By the names that gRPC's health checks have for them. */
export const healthNames: readonly string[] = [
  admin.AdminService.typeName,
  discovery.DiscoveryService.typeName,
];
