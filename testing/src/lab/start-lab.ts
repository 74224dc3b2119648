import { randomBytes } from "node:crypto";
import { temporaryFolder } from "../harness.ts";
import { Lab, type LabParts } from "./lab.ts";
import { LabLinks } from "./lab-links.ts";
import { type LabOptions, type LabSettings, labSettings } from "./lab-options.ts";
import { labResources } from "./lab-resources.ts";
import { makeControlPlanes } from "./parts/control-plane-parts.ts";
import { startEtcdParts } from "./parts/etcd-parts.ts";
import { startNatsParts } from "./parts/nats-parts.ts";
import { makeNodes } from "./parts/node-parts.ts";
import type { PlaneDeps } from "./parts/plane-part.ts";
import { startProviderParts } from "./parts/provider-parts.ts";

/**
 * Starts regions on this machine, each with a member of one etcd, a NATS server, control planes,
 * nodes and a fake provider, joined by links that can be cut. Resolves once every node serves.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const settings = labSettings(options);
  const stack = new AsyncDisposableStack();
  try {
    const lab = new Lab(await startParts(settings, stack));
    await startPlanes(lab, options);
    return lab;
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startParts(settings: LabSettings, stack: AsyncDisposableStack): Promise<LabParts> {
  const { regions } = settings;
  const folder = stack.use(temporaryFolder()).path;
  const links = stack.use(new LabLinks());
  const adminToken = `lab-${randomBytes(16).toString("hex")}`;
  const starting = [
    startEtcdParts(settings, links, stack),
    startNatsParts(regions, links, stack),
    startProviderParts(regions, links, stack),
  ] as const;
  await Promise.allSettled(starting); // So that the end of a failed start ends all of them.
  const [etcd, nats, providers] = await Promise.all(starting);
  const deps: PlaneDeps = {
    settings,
    links,
    folder,
    joinToken: `join-${randomBytes(16).toString("hex")}`,
    env: {
      ...settings.env,
      HEADGATE_ADMIN_TOKEN: adminToken,
      HEADGATE_MASTER_KEY: randomBytes(32).toString("base64"),
    },
  };
  const controlPlanes = await makeControlPlanes(deps, { etcd: etcd.targets, nats: nats.targets });
  const nodes = await makeNodes(deps, { controlPlanes, nats: nats.targets });
  for (const part of [...controlPlanes, ...nodes]) stack.defer(() => part.kill());
  return {
    ...{ settings, stack, folder, links, adminToken, controlPlanes, nodes },
    etcd: etcd.servers,
    nats: nats.servers,
    providers: providers.parts,
    providerUrls: providers.urls,
    parts: [...etcd.parts, ...nats.parts, ...controlPlanes, ...nodes, ...providers.parts],
  };
}

/** Nodes last: one that finds no control plane looks again only after seconds. */
async function startPlanes(lab: Lab, { resources }: LabOptions): Promise<void> {
  const { nats } = lab;
  const jetStream = Promise.all([...nats.values()].map((server) => server.jetStreamReady()));
  jetStream.catch(() => {}); // Told below, unless something else fails first.
  await lab.start("control-plane");
  const urls = lab.providerUrls;
  const yaml = resources?.(urls) ?? labResources(lab.regions, urls);
  await Promise.all([lab.apply(yaml), lab.start("node"), jetStream]);
}
