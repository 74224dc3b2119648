import { pino } from "pino";
import { Counter, Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { metricsText } from "./metrics-text.ts";
import { type NodeHealth, TelemetryServer } from "./telemetry-server.ts";

const ready: NodeHealth = {
  ready: true,
  reasons: [],
  snapshotVersion: 7n,
  controlPlaneConnected: false,
};
let health: NodeHealth;
let server: TelemetryServer;
let url: string;

describe("TelemetryServer", () => {
  beforeEach(async () => {
    health = ready;
    server = createServer(0);
    const { port } = await server.start();
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(() => server.stop());

  it.each([
    { path: "/metrics", status: 200, type: "text/plain; version=0.0.4", body: "up 1" },
    { path: "/health/live", status: 200, type: "application/json", body: '{"status":"live"}' },
    {
      path: "/health/ready?verbose",
      status: 200,
      type: "application/json",
      body: '"status":"ready"',
    },
    {
      path: "/debug/snapshot",
      status: 200,
      type: "application/json",
      body: '"kind":"team","name":"red","revision":"3"',
    },
    { path: "/", status: 404, type: "application/json", body: "/debug/snapshot" },
    { path: "/health", status: 404, type: "application/json", body: "no page /health" },
  ])("GET $path is $status", async ({ path, status, type, body }) => {
    const response = await fetch(url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain(type);
    expect(await response.text()).toContain(body);
  });

  it("says why it is not ready, and is live all the same", async () => {
    health = { ...ready, ready: false, reasons: ["draining", "no worker listens"] };
    const response = await fetch(`${url}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "not_ready",
      reasons: ["draining", "no worker listens"],
      snapshot_version: "7",
      control_plane_connected: false,
    });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  it("answers HEAD without a body, and other methods with 405", async () => {
    const head = await fetch(`${url}/health/live`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("says 500 for a page that fails, and goes on", async () => {
    const failing = createServer(0, () => Promise.reject(new Error("secret detail")));
    const { port } = await failing.start();
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret detail");
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    await failing.stop();
  });

  it("names a port in use", async () => {
    const port = Number(new URL(url).port);
    const second = createServer(port);
    await expect(second.start()).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port} (telemetry): another program listens there`,
    );
    await second.stop();
  });
});

describe("metricsText()", () => {
  it("sums the workers, and shows no name twice", async () => {
    const node = registryWith({ shared_total: 5 });
    const workers = await Promise.all(
      [1, 2].map((count) =>
        registryWith({ calls_total: count, shared_total: 9 }).getMetricsAsJSON(),
      ),
    );
    const text = await metricsText(node, workers);
    expect(text).toContain("calls_total 3");
    expect(text).toContain("shared_total 5");
    expect(text.match(/# TYPE shared_total/g)).toHaveLength(1);
  });
});

function createServer(port: number, metrics: () => Promise<string> = async () => "up 1\n") {
  return new TelemetryServer({
    listen: { kind: "tcp", host: "127.0.0.1", port },
    logger: pino({ level: "silent" }),
    pages: {
      metricsText: metrics,
      health: () => health,
      debugSnapshot: () => ({
        version: 7n,
        stateHash: 1n,
        resources: [{ kind: "team", name: "red", revision: 3n }],
      }),
    },
  });
}

function registryWith(counters: Record<string, number>): Registry {
  const registry = new Registry();
  for (const [name, value] of Object.entries(counters)) {
    new Counter({ name, help: name, registers: [registry] }).inc(value);
  }
  return registry;
}
