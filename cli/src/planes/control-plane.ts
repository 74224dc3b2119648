import { hostname } from "node:os";
import { loadControlPlaneConfig } from "@headgate/config";
import { startControlPlane } from "@headgate/control-plane";
import { systemClock, systemRandom } from "@headgate/core";
import type { PlaneFlags } from "../commands/control-plane-command.ts";
import type { Io } from "../io.ts";
import { listenFailure } from "../listen-failure.ts";
import { loadSettings } from "../load-settings.ts";
import { createLogger } from "../logger.ts";
import { makeDirectory } from "../make-directory.ts";
import { readTls, readTlsFiles } from "../read-tls.ts";
import { loadAdminToken, loadSealer } from "../secrets.ts";
import { stopped } from "../stopped.ts";
import { version } from "../version.ts";
import { openBus } from "./open-bus.ts";
import { openStore } from "./open-store.ts";
import { waitForStore } from "./wait-for-store.ts";

/** `headgate control-plane`: admin API, store and discovery, until a signal. */
export async function controlPlane(io: Io, flags: PlaneFlags): Promise<void> {
  const stop = io.stopSignal();
  const config = await loadSettings(io, flags.config, loadControlPlaneConfig);
  const logger = createLogger({ level: config.logLevel, component: "control-plane" });
  await using running = new AsyncDisposableStack();

  await makeDirectory(config.dataDir);
  const sealer = await loadSealer(io.env, config.dataDir);
  const adminToken = await loadAdminToken(io.env, config.dataDir, config.adminToken);
  const { tls: tlsFiles } = config;
  const tls = await readTls(tlsFiles);
  const store = await openStore(config, logger);
  running.defer(() => store.close());
  await waitForStore(store, { logger, stop });
  if (stop.aborted) return;
  const replica = config.replica ?? hostname();
  const bus = await openBus(config.bus, { name: `headgate ${replica}`, logger });
  running.defer(() => bus.close());
  const plane = await startControlPlane({
    store,
    bus,
    backends: { store: config.store.kind, bus: config.bus.kind },
    sealer,
    clock: systemClock,
    random: systemRandom,
    logger,
    adminToken: adminToken.token,
    ...(config.joinToken !== undefined && { joinToken: config.joinToken }),
    region: config.region,
    replica,
    build: version,
    listen: {
      admin: { ...config.listen.admin, ...tls },
      grpc: { ...config.listen.grpc, ...tls },
      ...(tlsFiles && { readTls: () => readTlsFiles(tlsFiles) }),
    },
    rollout: { holdMs: config.rolloutHoldMs },
    ...(config.oidc && { oidc: config.oidc }),
  }).catch((error: unknown) => {
    throw listenFailure(error, "address under listen");
  });
  running.defer(() => plane.stop());
  // Nobody watches a file here; what one owned under `headgate up` is the API's from now on.
  if (config.store.kind === "embedded") await plane.releaseFiles();

  const facts = {
    ...{ replica, region: config.region, build: version },
    ...{ store: config.store.kind, bus: config.bus.kind },
    ...{ admin: plane.adminAddress?.url, grpc: plane.grpcAddress?.url },
    admin_token: adminToken.origin,
  };
  logger.info({ event: "ready", ...facts }, "ready");
  await stopped(stop);
}
