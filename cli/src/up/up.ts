import { hostname } from "node:os";
import { join } from "node:path";
import { type Bus, createInProcessBus } from "@headgate/bus";
import { processDefaults, type Sealer } from "@headgate/config";
import { type ControlPlane, createEmbeddedStore, startControlPlane } from "@headgate/control-plane";
import { systemClock, systemRandom } from "@headgate/core";
import { type DataPlane, startDataPlane } from "@headgate/data-plane";
import type { Logger } from "pino";
import { addressUrl } from "../address-url.ts";
import type { UpFlags } from "../commands/up-command.ts";
import type { Io } from "../io.ts";
import { listenFailure } from "../listen-failure.ts";
import { createLogger } from "../logger.ts";
import { makeDirectory } from "../make-directory.ts";
import { portIsFree } from "../port-is-free.ts";
import { loadAdminToken, loadSealer } from "../secrets.ts";
import { shutDown } from "../shut-down.ts";
import { stopped } from "../stopped.ts";
import { version } from "../version.ts";
import { banner } from "./banner.ts";
import { type OpenedFile, openResourceFile } from "./open-resource-file.ts";
import { waitUntilInForce } from "./wait-until-in-force.ts";
import { watchFile } from "./watch-file.ts";

const loopback = "127.0.0.1";

/** If another program has it, telemetry goes to any free port, with a warning. */
const telemetryDefaultPort = 9090;

/** Everything lives in one process, so there is one place. */
const region = "local";

/** `headgate up`: both planes in one process, until a signal. */
export async function up(io: Io, flags: UpFlags): Promise<void> {
  const stop = io.stopSignal();
  const logger = createLogger({ level: flags.logLevel, component: "headgate" });
  await using running = new AsyncDisposableStack();
  const file = await openResourceFile(io, { path: flags.config, logger, signal: stop });
  if (file) running.defer(() => file.stop());

  await makeDirectory(flags.dataDir);
  const sealer = await loadSealer(io.env, flags.dataDir);
  const adminToken = await loadAdminToken(io.env, flags.dataDir);
  const bus = createInProcessBus({ clock: systemClock });
  running.defer(() => bus.close());
  const setup: Setup = { flags, logger, sealer, bus, running };
  let node: DataPlane | undefined;
  const controlPlane = await runControlPlane(setup, {
    adminToken: adminToken.token,
    moreMetrics: async () => (await node?.metricsText()) ?? "",
  });
  const revision = await file?.applyTo(controlPlane);
  if (!file) await controlPlane.releaseFiles();
  const dataPlane = await runDataPlane(setup, controlPlane);
  node = dataPlane;
  await Promise.race([dataPlane.ready, stopped(stop)]);
  // A node that starts from its saved snapshot is ready before it has seen the file.
  if (revision !== undefined) {
    await waitUntilInForce({ controlPlane, revision, clock: systemClock, logger, stop });
  }
  if (stop.aborted) return;

  const facts = announce(logger, { controlPlane, dataPlane });
  if (io.stdout.isTerminal) {
    const resources = file?.resources;
    io.stdout.write(
      banner(io.stdout, { ...facts, adminTokenOrigin: adminToken.origin, resources }),
    );
  }
  if (file) watch(file, { controlPlane, logger, signal: stop });
  await stopped(stop);
}

/** What both planes are made with. What is started is stopped in reverse, also if a later start fails. */
interface Setup {
  readonly flags: UpFlags;
  readonly logger: Logger;
  readonly sealer: Sealer;
  readonly bus: Bus;
  readonly running: AsyncDisposableStack;
}

async function runControlPlane(
  setup: Setup,
  { adminToken, moreMetrics }: { adminToken: string; moreMetrics: () => Promise<string> },
): Promise<ControlPlane> {
  const { flags, logger, sealer, bus, running } = setup;
  const store = createEmbeddedStore({
    path: join(flags.dataDir, "headgate.db"),
    clock: systemClock,
  });
  running.defer(() => store.close());
  const controlPlane = await startControlPlane({
    store,
    bus,
    sealer,
    clock: systemClock,
    random: systemRandom,
    logger,
    adminToken,
    moreMetrics,
    region,
    replica: hostname(),
    build: version,
    listen: { admin: { host: loopback, port: flags.adminPort } },
  }).catch((error: unknown) => {
    throw listenFailure(error, "--admin-port");
  });
  running.defer(() => controlPlane.stop());
  return controlPlane;
}

async function runDataPlane(setup: Setup, controlPlane: ControlPlane): Promise<DataPlane> {
  const { flags, logger, sealer, bus, running } = setup;
  const dataPlane = await startDataPlane({
    node: hostname(),
    region,
    build: version,
    listen: {
      proxy: { kind: "tcp", host: flags.host, port: flags.port },
      telemetry: { kind: "tcp", host: loopback, port: await chooseTelemetryPort(flags, logger) },
    },
    workers: flags.workers,
    bodyMaxBytes: processDefaults.dataPlane.bodyMaxBytes,
    drainTimeoutMs: processDefaults.dataPlane.drainTimeoutMs,
    stateDir: join(flags.dataDir, "node"),
    sealer,
    transports: [controlPlane.transport],
    bus,
    clock: systemClock,
    random: systemRandom,
    logger,
    logLevel: flags.logLevel,
  });
  running.defer(() => shutDown(dataPlane, logger));
  return dataPlane;
}

async function chooseTelemetryPort(flags: UpFlags, logger: Logger): Promise<number> {
  if (flags.telemetryPort !== undefined) return flags.telemetryPort;
  if (await portIsFree(loopback, telemetryDefaultPort)) return telemetryDefaultPort;
  logger.warn(
    { event: "telemetry-port-taken", port: telemetryDefaultPort },
    "another program has the telemetry port, so any free one is used (--telemetry-port chooses)",
  );
  return 0;
}

interface Planes {
  readonly controlPlane: ControlPlane;
  readonly dataPlane: DataPlane;
}

/** The line that programs wait for. */
function announce(logger: Logger, { controlPlane, dataPlane }: Planes) {
  const facts = {
    proxy: addressUrl(dataPlane.proxyAddress),
    admin: controlPlane.adminAddress?.url ?? "",
    telemetry: dataPlane.telemetryAddress ? addressUrl(dataPlane.telemetryAddress) : "",
  };
  logger.info({ event: "ready", ...facts }, "ready");
  return facts;
}

interface WatchOptions {
  readonly controlPlane: ControlPlane;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

function watch(file: OpenedFile, { controlPlane, logger, signal }: WatchOptions): void {
  watchFile({
    path: file.path,
    text: file.text,
    clock: systemClock,
    signal,
    onText: (text) => file.follow(text, controlPlane),
    onLost: (error) =>
      logger.error(
        { event: "config-lost", file: file.path, error: String(error) },
        "the file cannot be read any more; the state it gave stays in force",
      ),
  });
}
