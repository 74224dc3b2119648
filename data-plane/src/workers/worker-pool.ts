import type { ResourceLimits } from "node:worker_threads";
import type { ListenAddress } from "@headgate/config";
import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import { sumOfLoads, type WorkerLoad } from "../load/worker-load.ts";
import type { ListenOptions, WorkerOptions } from "../worker-protocol.ts";
import { assertPortFree, removeStaleSocket } from "./assert-address-free.ts";
import { ListenError } from "./listen-error.ts";
import { within } from "./within.ts";
import { type Readiness, WorkerSlot } from "./worker-slot.ts";
import type { ListenOutcome } from "./worker-thread.ts";

export interface WorkerPoolOptions {
  /** The worker's script. */
  readonly workerUrl: URL;
  /** Threads wanted; see workerCount() for when there are fewer. */
  readonly workers: number;
  /** Port 0: any free one. */
  readonly listen: ListenAddress;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly workerData: Omit<WorkerOptions, "worker" | "listen">;
  readonly resourceLimits?: ResourceLimits;
  /** The whole snapshot in use as one delta, or undefined before the first. */
  readonly fullDelta: () => Uint8Array | undefined;
  /** Called when a worker begins or ceases to listen. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A worker answers within a tick; one that takes this long is busy or hangs, and is not waited for. */
const metricsTimeoutMs = 1_000;
const applyTimeoutMs = 5_000;
/** Beyond the drain's own time, for the last messages. */
const drainGraceMs = 2_000;

/**
 * The worker threads of a node, all listening on one address and serving one
 * snapshot. A crashed one is replaced while the others go on.
 *
 * Runs once: start, then any of the rest, then drain and/or stop.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: WorkerSlot[] = [];
  #readiness: Readiness = { ready: false, reason: "starting" };

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Workers that listen now. */
  get listening(): number {
    return this.#slots.filter((slot) => slot.isListening).length;
  }

  /**
   * Start all workers; resolves with the address in force when they listen.
   *
   * @throws ListenError when they cannot, or the reason why a worker crashed. Nothing is left running.
   */
  async start(): Promise<ListenAddress> {
    try {
      return await this.#startAll();
    } catch (reason) {
      await this.stop();
      throw reason;
    }
  }

  /** Resolves when all workers serve what the delta made, or have had their time to. */
  async applyDelta(bytes: Uint8Array): Promise<void> {
    const { clock, logger } = this.#options;
    const applied = Promise.all(this.#slots.map((slot) => slot.applyDelta(bytes)));
    if (await within(applied, applyTimeoutMs, clock)) return;
    logger.warn({ timeout_ms: applyTimeoutMs }, "a worker is slow to apply a snapshot");
  }

  /** Resolves when all workers serve every delta so far. */
  async synced(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.synced()));
  }

  setReadiness(readiness: Readiness): void {
    this.#readiness = readiness;
    for (const slot of this.#slots) slot.setReadiness(readiness);
  }

  /** For AggregatorRegistry.aggregate(). Takes a second at most. */
  async metrics(): Promise<object[][]> {
    const perSlot = await Promise.all(this.#slots.map((slot) => slot.metrics(metricsTimeoutMs)));
    return perSlot.flat().map((metrics) => [...metrics]);
  }

  /** What all workers have done, and have under way. Takes a second at most. */
  async load(): Promise<WorkerLoad> {
    const perSlot = this.#slots.map((slot) => slot.load(metricsTimeoutMs));
    return sumOfLoads(await Promise.all(perSlot));
  }

  /** Take no more calls and let those in flight finish; `cut` is how many did not in time. */
  async drain(timeoutMs: number): Promise<{ cut: number }> {
    const { clock, logger } = this.#options;
    const drains = this.#slots.map((slot) =>
      within(slot.drain(timeoutMs), timeoutMs + drainGraceMs, clock),
    );
    const cuts = await Promise.all(drains);
    const silent = cuts.filter((cut) => cut === undefined).length;
    if (silent > 0) logger.warn({ workers: silent }, "workers did not answer the drain in time");
    return { cut: cuts.reduce<number>((sum, cut) => sum + (cut ?? 0), 0) };
  }

  /** End all workers now. Safe to call repeatedly. */
  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  async #startAll(): Promise<ListenAddress> {
    const { listen } = this.#options;
    const count = workerCount({ ...this.#options, platform: process.platform });
    if (listen.kind === "unix") {
      await removeStaleSocket(listen.path);
      await this.#startSlot({ socketPath: listen.path });
      return listen;
    }
    const { host } = listen;
    const reusePort = count > 1;
    if (reusePort && listen.port !== 0) await assertPortFree(listen);
    // Any port will do: the first worker finds one, and the others join it there.
    const found = listen.port === 0 ? [await this.#startSlot({ host, port: 0, reusePort })] : [];
    const [port = listen.port] = found;
    const others = Array.from({ length: count - found.length }, () =>
      this.#startSlot({ host, port, reusePort }),
    );
    await Promise.all(others);
    return { ...listen, port };
  }

  async #startSlot(where: ListenOptions): Promise<number> {
    const { workerUrl, workerData, tls, listen: address, ...rest } = this.#options;
    const listen = { ...where, ...(tls && { tls }) };
    const slot = new WorkerSlot({
      ...rest,
      url: workerUrl,
      workerData: { ...workerData, worker: this.#slots.length, listen },
      readiness: () => this.#readiness,
    });
    this.#slots.push(slot);
    return portOf(await slot.start(), address);
  }
}

export interface WorkerCountOptions {
  readonly workers: number;
  readonly listen: ListenAddress;
  readonly platform: NodeJS.Platform;
  readonly logger: Pick<Logger, "warn">;
}

/** Systems whose SO_REUSEPORT spreads connections, as listed by Node's server.listen(). */
const reusePortPlatforms: readonly NodeJS.Platform[] = ["linux", "freebsd", "sunos", "aix"];

/** One where the system has no way to share the address among threads; then a warning says so. */
export function workerCount({ workers, listen, platform, logger }: WorkerCountOptions): number {
  if (workers === 1) return 1;
  if (listen.kind === "unix") {
    logger.warn({ workers }, "a Unix socket is served by one worker; give a port to use more");
    return 1;
  }
  if (!reusePortPlatforms.includes(platform)) {
    logger.warn({ workers, platform }, "this system cannot share a port among workers; using one");
    return 1;
  }
  return workers;
}

function portOf(outcome: ListenOutcome, address: ListenAddress): number {
  switch (outcome.kind) {
    case "listening":
      return outcome.port;
    case "failed": {
      const { code, message } = outcome;
      throw new ListenError({ listener: "proxy", address, code, detail: message });
    }
    case "crashed":
      throw new Error(`a worker crashed at start: ${outcome.reason.message}`, {
        cause: outcome.reason,
      });
  }
}
