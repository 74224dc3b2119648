import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Interceptor, Transport } from "@connectrpc/connect";
import type { DataPlaneConfig, Sealer } from "@headgate/config";
import { systemClock } from "@headgate/core";
import { loadOrCreateNodeKey, NodeCredentials, nodeTokenInterceptor } from "@headgate/data-plane";
import type { Logger } from "pino";
import type { TlsTexts } from "../read-tls.ts";
import { discoveryTransport } from "./discovery-transport.ts";
import { reloadingTransport } from "./reloading-transport.ts";

export interface NodeTransportsOptions {
  readonly node: string;
  readonly config: DataPlaneConfig;
  readonly sealer: Sealer;
  readonly logger: Logger;
}

/**
 * Ways to the control plane, one per endpoint, on which the node proves who it is: by its certificate if it
 * has one; else by a node token, if it has joined or can join; else by being on the same machine.
 */
export async function nodeTransports(options: NodeTransportsOptions): Promise<Transport[]> {
  const { endpoints } = options.config.controlPlane;
  const credentials = await nodeCredentials(options);
  return Promise.all(endpoints.map((endpoint) => transportTo(endpoint, credentials, options)));
}

async function transportTo(
  endpoint: string,
  credentials: NodeCredentials | undefined,
  { config, logger }: NodeTransportsOptions,
): Promise<Transport> {
  const files = config.controlPlane.tls;
  const via = (interceptors: readonly Interceptor[]) => (tls: TlsTexts) =>
    discoveryTransport({ endpoint, tls, interceptors });
  if (!credentials) return reloadingTransport({ files, logger, connect: via([]) });
  const plain = await reloadingTransport({ files, logger, connect: via([]) });
  const interceptor = nodeTokenInterceptor(credentials, plain);
  return reloadingTransport({ files, logger, connect: via([interceptor]) });
}

async function nodeCredentials({
  node,
  config,
  sealer,
  logger,
}: NodeTransportsOptions): Promise<NodeCredentials | undefined> {
  const { tls, joinToken } = config.controlPlane;
  if (tls?.cert !== undefined) return undefined;
  const hasJoined = existsSync(join(config.stateDir, "node.key"));
  if (joinToken === undefined && !hasJoined) return undefined;
  const key = await loadOrCreateNodeKey(config.stateDir, sealer);
  const { region } = config;
  const isNew = !hasJoined;
  return new NodeCredentials({ node, region, key, joinToken, isNew, clock: systemClock, logger });
}
