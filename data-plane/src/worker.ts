import { parentPort, workerData } from "node:worker_threads";
import { fromBinary } from "@bufbuild/protobuf";
import { Cooldowns, RetryBudget, systemClock, systemRandom, TokenEstimator } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { pino } from "pino";
import { Gauge, Registry } from "prom-client";
import { ProxyServer, type Readiness } from "./http/proxy-server.ts";
import { GuardedFetcher } from "./media/guarded-fetcher.ts";
import { createCountTokens } from "./pipeline/count-tokens.ts";
import { RoutingTable } from "./routing/routing-table.ts";
import { CallLog } from "./telemetry/call-log.ts";
import { CallMetrics } from "./telemetry/call-metrics.ts";
import { collectStartupGarbage } from "./telemetry/collect-startup-garbage.ts";
import { Deadlines } from "./upstream/deadlines.ts";
import { UpstreamPools } from "./upstream/upstream-pools.ts";
import type { MainToWorker, WorkerOptions, WorkerToMain } from "./worker-protocol.ts";

/** The program of a worker thread: puts the request path together, and does what the main thread says. */

if (!parentPort) throw new Error("worker.ts runs as a worker thread");
const port = parentPort;
const options = workerData as WorkerOptions;
const clock = systemClock;
let started = false;

// Lines are gathered and written some times a second: a write per call would cost more than the line.
const lines = pino.destination({ fd: 1, sync: false, minLength: 8_192, periodicFlush: 200 });
const logger = pino({ level: options.logLevel, base: { node: options.node } }, lines);
const registry = new Registry();
const table = new RoutingTable({ region: options.region, random: systemRandom, clock });
const pools = new UpstreamPools();
const cooldowns = new Cooldowns();
const tokens = new TokenEstimator();
const metrics = new CallMetrics(registry);
const proxy = new ProxyServer(
  {
    clock,
    table,
    pools,
    deadlines: new Deadlines(clock),
    cooldowns,
    retryBudget: new RetryBudget(clock.now()),
    bodyMaxBytes: options.bodyMaxBytes,
    metrics,
    log: new CallLog(logger),
    media: new GuardedFetcher({ clock }),
    tokens,
    countTokens: createCountTokens(tokens),
  },
  options.listen.tls,
);
new Gauge({
  name: "headgate_client_buffered_bytes",
  help: "Bytes of answers that clients have not fetched yet.",
  registers: [registry],
  collect() {
    this.set(proxy.bufferedBytes);
  },
});

port.on("message", (message: MainToWorker) => {
  switch (message.type) {
    case "delta":
      return apply(message.bytes);
    case "readiness":
      return setReadiness(message);
    case "drain":
      return void drain(message.timeoutMs);
    case "metrics":
      return void sendMetrics(message.id);
    case "load":
      return send({ type: "load", load: metrics.load });
  }
});
await listen();

function setReadiness(readiness: Readiness): void {
  proxy.setReadiness(readiness);
  // Once only: later it would stop the calls under way, for longer the more there are.
  if (!readiness.ready || started) return;
  started = true;
  collectStartupGarbage();
}

function apply(bytes: Uint8Array): void {
  const delta = fromBinary(discovery.StreamSnapshotsResponseSchema, bytes);
  if (table.apply(delta).routesChanged) forgetUnrouted();
  send({ type: "applied", version: table.version });
}

/** Close the connections, and drop the cooldowns, of deployments that are no more. */
function forgetUnrouted(): void {
  const deployments = [...table.models.values()].flatMap(({ tiers }) => tiers.flat());
  pools.retain(new Set(deployments.map(({ origin }) => origin)));
  cooldowns.retain(new Set(deployments.map(({ id }) => id)));
}

async function listen(): Promise<void> {
  try {
    send({ type: "listening", port: await proxy.listen(options.listen) });
  } catch (reason) {
    const { message, code = "UNKNOWN" } = reason as NodeJS.ErrnoException;
    send({ type: "listen-failed", message, code });
    port.close();
  }
}

async function drain(timeoutMs: number): Promise<void> {
  const cut = await proxy.drain(timeoutMs);
  await pools.close();
  lines.flushSync();
  send({ type: "drained", cut });
}

async function sendMetrics(id: number): Promise<void> {
  send({ type: "metrics", id, metrics: await registry.getMetricsAsJSON() });
}

function send(message: WorkerToMain): void {
  port.postMessage(message);
}
