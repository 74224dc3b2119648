import { freePorts } from "../../servers/index.ts";
import type { Endpoint } from "../place.ts";
import {
  endpoints,
  linkedUrls,
  ownName,
  type PlacedTarget,
  type PlaneDeps,
  PlanePart,
} from "./plane-part.ts";

export interface Backends {
  readonly etcd: readonly PlacedTarget[];
  readonly nats: readonly PlacedTarget[];
}

/** The control planes of all regions, not started, each with links to every etcd and NATS. */
export async function makeControlPlanes(
  deps: PlaneDeps,
  backends: Backends,
): Promise<readonly PlanePart[]> {
  const { regions, controlPlanesPerRegion } = deps.settings;
  const places = endpoints("control-plane", regions, controlPlanesPerRegion);
  return await Promise.all(places.map((place) => makeControlPlane(deps, place, backends)));
}

async function makeControlPlane(
  deps: PlaneDeps,
  endpoint: Endpoint,
  { etcd, nats }: Backends,
): Promise<PlanePart> {
  const { links } = deps;
  const [admin = 0, grpc = 0] = await freePorts(2);
  const hosts = await linkedUrls(links, endpoint, { targets: etcd, use: "client", scheme: "http" });
  const servers = await linkedUrls(links, endpoint, {
    targets: nats,
    use: "client",
    scheme: "nats",
  });
  const config = `
region: ${endpoint.region}
replica: ${ownName(endpoint)}
listen: {admin: "127.0.0.1:${admin}", grpc: "127.0.0.1:${grpc}"}
data_dir: ./data
store: {etcd: {hosts: ${hosts}, prefix: /headgate}}
bus: {nats: {servers: ${servers}}}
node_auth: {join_token: ${deps.joinToken}}
${deps.settings.controlPlaneConfig}
`;
  const ports = { admin, grpc };
  return await PlanePart.make(deps, endpoint, { command: "control-plane", config, ports });
}
