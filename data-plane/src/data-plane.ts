import { randomUUID } from "node:crypto";
import type { ResourceLimits } from "node:worker_threads";
import type { Transport } from "@connectrpc/connect";
import type { Bus } from "@headgate/bus";
import type { ListenAddress, Sealer, TcpAddress } from "@headgate/config";
import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import { ConnectionLog } from "./discovery/connection-log.ts";
import { readSavedSnapshot, writeSavedSnapshot } from "./discovery/saved-snapshot.ts";
import { identify } from "./discovery/snapshot.ts";
import { SnapshotKeeper } from "./discovery/snapshot-keeper.ts";
import { SnapshotSaver } from "./discovery/snapshot-saver.ts";
import { SnapshotSubscription } from "./discovery/snapshot-subscription.ts";
import { LoadReporter } from "./load/load-reporter.ts";
import { collectStartupGarbage } from "./telemetry/collect-startup-garbage.ts";
import { metricsText } from "./telemetry/metrics-text.ts";
import { createNodeMetrics, type NodeMetrics } from "./telemetry/node-metrics.ts";
import { type NodeHealth, TelemetryServer } from "./telemetry/telemetry-server.ts";
import { WorkerPool } from "./workers/worker-pool.ts";

export interface DataPlaneOptions {
  readonly node: string;
  readonly region: string;
  /** The version of this program. */
  readonly build: string;
  readonly listen: {
    /** Port 0: any free one. */
    readonly proxy: ListenAddress;
    /** Absent: no telemetry server; see metricsText(). */
    readonly telemetry?: TcpAddress;
  };
  /** HTTPS on the proxy address. PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Threads. One where the system cannot share the address among them. */
  readonly workers: number;
  readonly bodyMaxBytes: number;
  readonly drainTimeoutMs: number;
  /** Folder for the saved snapshot; made when missing. */
  readonly stateDir: string;
  readonly sealer: Sealer;
  /** To the control plane, one per endpoint. */
  readonly transports: readonly Transport[];
  /** What those lead to, for people. */
  readonly endpoints?: readonly string[];
  /** Where load reports go. Absent: nowhere. Stays the caller's: close it after stop(). */
  readonly bus?: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Of the workers' own loggers. */
  readonly logLevel: string;
  /** Memory bounds of each worker. Absent: Node's own. */
  readonly resourceLimits?: ResourceLimits;
  /** The worker's script, when it is not the one beside this file. */
  readonly workerUrl?: URL;
}

export interface DataPlane {
  /** Where workers listen, with the port in force. */
  readonly proxyAddress: ListenAddress;
  readonly telemetryAddress?: TcpAddress | undefined;
  /** Resolves when all workers serve the first snapshot. Rejects when stopped before that. */
  readonly ready: Promise<void>;
  /** What `/metrics` on the telemetry address shows. */
  metricsText(): Promise<string>;
  /** Take no more calls, let those in flight finish; `cut` is how many did not in time. */
  drain(): Promise<{ cut: number }>;
  /** End everything, cutting calls in flight. Safe to call repeatedly. */
  stop(): Promise<void>;
}

/**
 * Start one data-plane node: from the snapshot on disk if there is one, following the control
 * plane from then on. With neither it listens, is not ready, and becomes so when a snapshot comes.
 *
 * @throws ListenError when an address cannot be had. Nothing is left running then.
 */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const node = new DataPlaneNode(options);
  try {
    await node.start();
  } catch (reason) {
    await node.stop();
    throw reason;
  }
  return node;
}

/** starting -> serving -> draining -> stopped; each of the middle two may be skipped. */
class DataPlaneNode implements DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #metrics: NodeMetrics;
  readonly #saver: SnapshotSaver;
  readonly #keeper: SnapshotKeeper;
  readonly #pool: WorkerPool;
  readonly #subscription: SnapshotSubscription;
  readonly #telemetry: TelemetryServer | undefined;
  readonly #connectionLog: ConnectionLog;
  readonly #bootId = randomUUID();
  readonly #reporter: LoadReporter | undefined;
  readonly #ready = Promise.withResolvers<void>();
  #proxyAddress: ListenAddress | undefined;
  #telemetryAddress: TcpAddress | undefined;
  /** Whether all workers have served a snapshot once. */
  #serves = false;
  #drained: Promise<{ cut: number }> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    const { bus, clock, random, logger } = options;
    // Rejected by stop(); whoever does not wait for it need not hear of it.
    this.#ready.promise.catch(() => {});
    this.#metrics = createNodeMetrics({
      snapshotVersion: () => Number(this.#keeper.snapshot.version),
      snapshotAgeSeconds: () => this.#keeper.ageSeconds(),
      controlPlaneConnected: () => this.#isConnected,
      workersListening: () => this.#pool.listening,
      ...(bus && { busStatus: () => bus.status() }),
    });
    this.#connectionLog = new ConnectionLog({
      ...{ clock, logger, endpoints: options.endpoints ?? [] },
      hasSnapshot: () => this.#keeper.isLoaded,
    });
    this.#saver = new SnapshotSaver({
      write: (snapshot) => writeSavedSnapshot(this.#place, snapshot),
      onFailure: () => this.#metrics.saveFailures.inc(),
      clock,
      logger,
    });
    this.#keeper = new SnapshotKeeper({
      spread: (bytes) => this.#spread(bytes),
      save: (snapshot) => this.#saver.save(snapshot),
      onNack: () => this.#metrics.nacks.inc(),
      clock,
      logger,
    });
    this.#pool = this.#createPool();
    this.#subscription = new SnapshotSubscription({
      transports: options.transports,
      identity: {
        node: options.node,
        region: options.region,
        build: options.build,
        bootId: this.#bootId,
      },
      inUse: () => this.#keeper.snapshot,
      apply: (response) => this.#keeper.apply(response),
      onConnect: (index) => this.#connectionLog.connected(index),
      onDisconnect: (reason, pauseMs, index) =>
        this.#connectionLog.disconnected({ reason, pauseMs, index }),
      clock,
      random,
    });
    this.#telemetry = this.#createTelemetry();
    this.#reporter = this.#createReporter();
  }

  get proxyAddress(): ListenAddress {
    if (!this.#proxyAddress) throw new Error("the node has not started");
    return this.#proxyAddress;
  }

  get telemetryAddress(): TcpAddress | undefined {
    return this.#telemetryAddress;
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async start(): Promise<void> {
    await this.#restore();
    this.#telemetryAddress = await this.#telemetry?.start();
    this.#proxyAddress = await this.#pool.start();
    if (this.#keeper.isLoaded) void this.#pool.synced().then(() => this.#serve());
    this.#updateReadiness();
    this.#subscription.start();
    this.#reporter?.start();
  }

  async metricsText(): Promise<string> {
    return metricsText(this.#metrics.registry, await this.#pool.metrics());
  }

  drain(): Promise<{ cut: number }> {
    this.#drained ??= this.#pool.drain(this.#options.drainTimeoutMs);
    this.#updateReadiness();
    return this.#drained;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  get #place() {
    return { dir: this.#options.stateDir, sealer: this.#options.sealer };
  }

  get #isConnected(): boolean {
    return this.#subscription.state === "live";
  }

  #createPool(): WorkerPool {
    const { node, region, bodyMaxBytes, logLevel, listen, workerUrl, ...rest } = this.#options;
    return new WorkerPool({
      resourceLimits: workerLimits,
      ...rest,
      workerUrl: workerUrl ?? workerProgram(),
      listen: listen.proxy,
      workerData: { node, region, bodyMaxBytes, logLevel },
      fullDelta: () => this.#keeper.fullDelta(),
      onChange: () => this.#updateReadiness(),
    });
  }

  #createTelemetry(): TelemetryServer | undefined {
    const { listen, logger } = this.#options;
    if (!listen.telemetry) return undefined;
    return new TelemetryServer({
      listen: listen.telemetry,
      logger,
      pages: {
        metricsText: () => this.metricsText(),
        health: () => this.#health(),
        debugSnapshot: () => this.#debugSnapshot(),
      },
    });
  }

  #createReporter(): LoadReporter | undefined {
    const { bus, node, region, clock, logger } = this.#options;
    if (!bus) return undefined;
    return new LoadReporter({
      ...{ bus, clock, logger, from: { node, region, bootId: this.#bootId } },
      load: () => this.#pool.load(),
      state: () => ({
        workers: this.#pool.listening,
        appliedVersion: this.#keeper.snapshot.version,
        draining: this.#drained !== undefined,
      }),
      rssBytes: () => process.memoryUsage.rss(),
    });
  }

  /** Begin with the last good snapshot, if the disk has one. */
  async #restore(): Promise<void> {
    const { logger } = this.#options;
    const saved = await readSavedSnapshot(this.#place);
    switch (saved.kind) {
      case "none":
        return;
      case "loaded": {
        const { snapshot, savedAtMs } = saved;
        this.#keeper.restore(snapshot, savedAtMs);
        logger.info({ version: String(snapshot.version) }, "starting from the saved snapshot");
        return;
      }
      case "unusable":
        logger.warn(
          { reason: saved.reason, moved_to: saved.movedTo },
          "the saved snapshot cannot be used, starting without it",
        );
        return;
    }
  }

  async #spread(bytes: Uint8Array): Promise<void> {
    await this.#pool.applyDelta(bytes);
    this.#serve();
  }

  #serve(): void {
    if (this.#serves) return;
    this.#serves = true;
    this.#updateReadiness();
    this.#ready.resolve();
    collectStartupGarbage();
  }

  /** Workers answer for readiness on the proxy address, so they are told whenever it changes. */
  #updateReadiness(): void {
    const { ready, reasons } = this.#health();
    this.#pool.setReadiness({ ready, reason: reasons.join("; ") });
  }

  /** Nothing here asks for the control plane: calls are served without. */
  #health(): NodeHealth {
    const reasons: string[] = [];
    if (this.#drained) reasons.push("draining");
    if (this.#pool.listening === 0) reasons.push("no worker listens");
    if (!this.#keeper.isLoaded) reasons.push("no snapshot yet, waiting for the control plane");
    else if (!this.#serves) reasons.push("workers are loading the snapshot");
    return {
      ready: reasons.length === 0,
      reasons,
      snapshotVersion: this.#keeper.snapshot.version,
      controlPlaneConnected: this.#isConnected,
    };
  }

  #debugSnapshot() {
    const { version, stateHash, resources } = this.#keeper.snapshot;
    const list = Array.from(resources.values(), (resource) => {
      const { kind, name } = identify(resource) ?? { kind: "", name: "" };
      return { kind, name, revision: resource.revision };
    });
    return { version, stateHash, resources: list };
  }

  async #stopAll(): Promise<void> {
    this.#ready.reject(new Error("the data plane was stopped"));
    this.#reporter?.stop();
    await this.#subscription.stop();
    await this.#saver.stop();
    await this.#pool.stop();
    await this.#telemetry?.stop();
  }
}

/**
 * V8 would let the young generation grow to 48 MiB per worker; what a call allocates is dead soon
 * enough for half of that. Saves 7 KiB for each of 10,000 streams, at no cost that can be measured.
 */
const workerLimits = { maxYoungGenerationSizeMb: 24 };

/** Beside this file: the source when run from sources, the bundle's when bundled. */
function workerProgram(): URL {
  const name = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  return new URL(name, import.meta.url);
}
