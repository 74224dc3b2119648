/**
 * A worker as small as can be: speaks the whole worker protocol, and serves pages that tell what
 * it knows, or make it misbehave.
 */
import { createServer, type ServerResponse } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { fromBinary } from "@bufbuild/protobuf";
import { discovery } from "@headgate/proto";
import { Counter, Registry } from "prom-client";
import type { WorkerLoad } from "../../load/worker-load.ts";
import type { MainToWorker, WorkerOptions, WorkerToMain } from "../../worker-protocol.ts";

if (!parentPort) throw new Error("the stand-in runs as a worker thread only");
const port = parentPort;
// Given by the pool that started us.
const options = workerData as WorkerOptions;

const registry = new Registry();
const calls = new Counter({
  name: "stand_in_calls_total",
  help: "Calls served.",
  registers: [registry],
});
const names = new Set<string>();
const held = new Set<ServerResponse>();
let callCount = 0;
let version = 0n;
let readiness = { ready: false, reason: "" };

const server = createServer((request, response) => {
  calls.inc();
  callCount += 1;
  // Not kept alive, so that tests reach all workers, and drains are not held up.
  response.setHeader("connection", "close");
  switch (request.url) {
    case "/crash":
      setImmediate(() => {
        throw new Error("crashed on request");
      });
      return;
    case "/hang":
      for (;;);
    case "/hold":
      held.add(response);
      response.on("close", () => held.delete(response));
      response.writeHead(200).flushHeaders();
      return;
    default: {
      const { worker } = options;
      const body = { worker, version: String(version), names: [...names].sort(), ...readiness };
      response.writeHead(version === 0n ? 503 : 200).end(JSON.stringify(body));
    }
  }
});

const { listen } = options;
server.on("error", (error: NodeJS.ErrnoException) => {
  post({ type: "listen-failed", message: error.message, code: error.code ?? "UNKNOWN" });
  port.close();
});
const address = "socketPath" in listen ? { path: listen.socketPath } : listen;
server.listen(address, () => {
  const bound = server.address();
  post({ type: "listening", port: typeof bound === "object" && bound ? bound.port : 0 });
});

port.on("message", (message: MainToWorker) => {
  switch (message.type) {
    case "delta":
      apply(fromBinary(discovery.StreamSnapshotsResponseSchema, message.bytes));
      return;
    case "readiness":
      readiness = { ready: message.ready, reason: message.reason };
      return;
    case "drain":
      return drain(message.timeoutMs);
    case "metrics":
      void registry
        .getMetricsAsJSON()
        .then((metrics) => post({ type: "metrics", id: message.id, metrics }));
      return;
    case "load":
      return post({ type: "load", load: load() });
  }
});

function apply(delta: discovery.StreamSnapshotsResponse): void {
  if (delta.fromVersion === 0n) names.clear();
  for (const { kind, name } of delta.removed) names.delete(`${kind}/${name}`);
  for (const { resource } of delta.upserts) {
    const name = resource.case === "settings" ? "default" : resource.value?.name;
    names.add(`${resource.case}/${name}`);
  }
  version = delta.version;
  post({ type: "applied", version });
}

/** Calls that are held are under way; all others have failed, with a token each way. */
function load(): WorkerLoad {
  const calls = callCount - held.size;
  return {
    inFlight: held.size,
    calls,
    failedCalls: calls,
    inputTokens: calls,
    outputTokens: calls,
  };
}

function drain(timeoutMs: number): void {
  let cut = 0;
  const timer = setTimeout(() => {
    cut = held.size;
    for (const one of held) one.destroy();
  }, timeoutMs);
  server.close(() => {
    clearTimeout(timer);
    post({ type: "drained", cut });
  });
}

function post(message: WorkerToMain): void {
  port.postMessage(message);
}
