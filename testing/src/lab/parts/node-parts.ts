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

/** Where nodes find what they are told, and tell. */
export interface NodeTargets {
  readonly controlPlanes: readonly PlanePart[];
  readonly nats: readonly PlacedTarget[];
}

/** The nodes of all regions, not started, each with links to every control plane and every NATS. */
export async function makeNodes(
  deps: PlaneDeps,
  { controlPlanes, nats }: NodeTargets,
): Promise<readonly PlanePart[]> {
  const { regions, nodesPerRegion } = deps.settings;
  const grpc = controlPlanes.map((part) => ({ part, ...part.target("grpc") }));
  const places = endpoints("node", regions, nodesPerRegion);
  return await Promise.all(places.map((place) => makeNode(deps, place, { grpc, nats })));
}

async function makeNode(
  deps: PlaneDeps,
  endpoint: Endpoint,
  {
    grpc,
    nats,
  }: { readonly grpc: readonly PlacedTarget[]; readonly nats: readonly PlacedTarget[] },
): Promise<PlanePart> {
  const { links } = deps;
  const [proxy = 0, telemetry = 0] = await freePorts(2);
  const urls = await linkedUrls(links, endpoint, { targets: grpc, use: "grpc", scheme: "http" });
  const servers = await linkedUrls(links, endpoint, {
    targets: nats,
    use: "client",
    scheme: "nats",
  });
  const config = `
region: ${endpoint.region}
node: ${ownName(endpoint)}
listen: {proxy: "127.0.0.1:${proxy}", telemetry: "127.0.0.1:${telemetry}"}
control_plane: {endpoints: ${urls}, join_token: ${deps.joinToken}}
bus: {nats: {servers: ${servers}}}
state_dir: ./state
workers: 1
${deps.settings.nodeConfig}
`;
  const ports = { proxy, telemetry };
  return await PlanePart.make(deps, endpoint, { command: "data-plane", config, ports });
}
