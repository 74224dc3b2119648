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

/** The nodes of all regions, not started, each with links to every control plane. */
export async function makeNodes(
  deps: PlaneDeps,
  controlPlanes: readonly PlanePart[],
): Promise<readonly PlanePart[]> {
  const { regions, nodesPerRegion } = deps.settings;
  const targets = controlPlanes.map((part) => ({ part, ...part.target("grpc") }));
  const places = endpoints("node", regions, nodesPerRegion);
  return await Promise.all(places.map((place) => makeNode(deps, place, targets)));
}

async function makeNode(
  deps: PlaneDeps,
  endpoint: Endpoint,
  targets: readonly PlacedTarget[],
): Promise<PlanePart> {
  const [proxy = 0, telemetry = 0] = await freePorts(2);
  const urls = await linkedUrls(deps.links, endpoint, { targets, use: "grpc", scheme: "http" });
  const config = `
region: ${endpoint.region}
node: ${ownName(endpoint)}
listen: {proxy: "127.0.0.1:${proxy}", telemetry: "127.0.0.1:${telemetry}"}
control_plane: {endpoints: ${urls}, join_token: ${deps.joinToken}}
state_dir: ./state
workers: 1
${deps.settings.nodeConfig}
`;
  const ports = { proxy, telemetry };
  return await PlanePart.make(deps, endpoint, { command: "data-plane", config, ports });
}
