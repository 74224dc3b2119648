import { admin } from "@headgate/proto";
import type { Lab } from "../lab.ts";
import type { Part } from "../part.ts";

/** What a part says of itself, in a few words: `leader`, `2 gateways`, `version 12 of 12`. */
export type PartStatus = ReadonlyMap<string, string>;

/** Those who say nothing within this time are told as silent. */
const askWithinMs = 1_500;

/** Asks every part that runs, all at once. */
export async function labStatus(lab: Lab): Promise<PartStatus> {
  const nodes = await nodeStatus(lab);
  const asked = lab.parts.map(async (part) => [part.name, await say(lab, part, nodes)] as const);
  return new Map(await Promise.all(asked));
}

async function say(lab: Lab, part: Part, nodes: PartStatus): Promise<string> {
  if (part.state !== "running") return part.state;
  switch (part.kind) {
    case "etcd":
      return await etcdStatus(lab, part);
    case "nats":
      return await natsStatus(lab, part);
    case "control-plane":
      return await controlPlaneStatus(lab, part);
    case "node":
      return nodes.get(part.name) ?? "unknown to control planes";
    default:
      return `${lab.provider(part.name).provider.requestCount} requests`;
  }
}

async function etcdStatus(lab: Lab, { name }: Part): Promise<string> {
  const server = lab.etcd.get(name);
  const [healthy, leads] = await Promise.all([server?.isHealthy(), server?.isLeader()]);
  if (!healthy) return "no quorum";
  return leads ? "leader" : "follower";
}

async function natsStatus(lab: Lab, { name }: Part): Promise<string> {
  const text = await ask(`${lab.nats.get(name)?.monitorUrl}/gatewayz`);
  if (text === undefined) return "silent";
  const gateways: { readonly outbound_gateways?: object } = JSON.parse(text);
  return `${Object.keys(gateways.outbound_gateways ?? {}).length} gateways`;
}

async function controlPlaneStatus(lab: Lab, { name }: Part): Promise<string> {
  const ready = await ask(`${lab.controlPlane(name).url("admin")}/health/ready`);
  return ready === undefined ? "not ready" : "ready";
}

/** As the control planes know them: one that a node is connected to knows best. */
async function nodeStatus(lab: Lab): Promise<PartStatus> {
  const answers = await Promise.allSettled(
    lab.regions.map((region) => lab.admin(region).listNodes({}, { timeoutMs: askWithinMs })),
  );
  const nodes = answers.flatMap((answer) =>
    answer.status === "fulfilled" ? answer.value.nodes : [],
  );
  nodes.sort((a, b) => Number(isConnected(a)) - Number(isConnected(b))); // The last one counts.
  const known = new Map<string, string>();
  for (const node of nodes) {
    const part = lab.nodes.find(({ ownName }) => ownName === node.name);
    if (part) known.set(part.name, describeNode(node));
  }
  return known;
}

function isConnected({ state }: admin.Node): boolean {
  return state === admin.NodeState.CONNECTED;
}

function describeNode(node: admin.Node): string {
  const version = `version ${node.appliedVersion} of ${node.currentVersion}`;
  if (!isConnected(node)) return `disconnected, ${version}`;
  const load = node.load ? `, ${node.load.inFlight} in flight` : "";
  return `${node.lastNack ? "refuses, " : ""}${version}${load}`;
}

async function ask(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(askWithinMs) });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}
