import { availableParallelism, hostname } from "node:os";
import type { Bus } from "@headgate/bus";
import { type DataPlaneConfig, loadDataPlaneConfig } from "@headgate/config";
import { systemClock, systemRandom } from "@headgate/core";
import { type DataPlane, startDataPlane } from "@headgate/data-plane";
import type { Logger } from "pino";
import { addressUrl } from "../address-url.ts";
import type { PlaneFlags } from "../commands/control-plane-command.ts";
import type { Io } from "../io.ts";
import { loadSettings } from "../load-settings.ts";
import { createLogger } from "../logger.ts";
import { readTls } from "../read-tls.ts";
import { loadSealer } from "../secrets.ts";
import { shutDown } from "../shut-down.ts";
import { stopped } from "../stopped.ts";
import { version } from "../version.ts";
import { nodeTransports } from "./node-transports.ts";
import { openBus } from "./open-bus.ts";

/** `headgate data-plane`: a node that serves applications, until a signal. */
export async function dataPlane(io: Io, flags: PlaneFlags): Promise<void> {
  const stop = io.stopSignal();
  const config = await loadSettings(io, flags.config, loadDataPlaneConfig);
  const logger = createLogger({ level: config.logLevel, component: "data-plane" });
  await using running = new AsyncDisposableStack();
  const bus =
    config.bus && (await openBus(config.bus, { name: `headgate ${nameOf(config)}`, logger }));
  running.defer(async () => await bus?.close());
  const node = await startNode(io, config, { logger, bus });
  running.defer(() => shutDown(node, logger));

  // With no control plane and nothing on disk, "ready" may be long in coming.
  const facts = { node: nameOf(config), region: config.region, build: version };
  logger.info({ event: "listening", ...facts, ...addresses(config, node) }, "listening");
  await Promise.race([node.ready, stopped(stop)]);
  if (stop.aborted) return;
  logger.info({ event: "ready", ...facts, ...addresses(config, node) }, "ready");
  await stopped(stop);
}

async function startNode(
  io: Io,
  config: DataPlaneConfig,
  { logger, bus }: { readonly logger: Logger; readonly bus: Bus | undefined },
): Promise<DataPlane> {
  const node = nameOf(config);
  const sealer = await loadSealer(io.env, config.stateDir);
  return startDataPlane({
    node,
    region: config.region,
    build: version,
    listen: config.listen,
    ...(await readTls(config.tls)),
    workers: config.workers ?? availableParallelism(),
    bodyMaxBytes: config.bodyMaxBytes,
    drainTimeoutMs: config.drainTimeoutMs,
    stateDir: config.stateDir,
    sealer,
    transports: await nodeTransports({ node, config, sealer, logger }),
    endpoints: config.controlPlane.endpoints,
    ...(bus && { bus }),
    clock: systemClock,
    random: systemRandom,
    logger,
    logLevel: config.logLevel,
  });
}

function nameOf({ node }: DataPlaneConfig): string {
  return node ?? hostname();
}

function addresses(config: DataPlaneConfig, node: DataPlane) {
  return {
    proxy: addressUrl(node.proxyAddress, config.tls ? "https" : "http"),
    telemetry: node.telemetryAddress && addressUrl(node.telemetryAddress),
  };
}
