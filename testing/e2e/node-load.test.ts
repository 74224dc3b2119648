import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { admin } from "@headgate/proto";
import { createAdminClient } from "@headgate/sdk";
import {
  type FakeProvider,
  type RunningControlPlane,
  type RunningDataPlane,
  runHeadgate,
  startControlPlane,
  startDataPlane,
  startFakeProvider,
  startUp,
} from "@headgate/testing";
import { type NatsServer, startNats } from "@headgate/testing/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chat, chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";
import { GatedProvider } from "./gated-provider.ts";

const key = "sk-hg-load-0123456789";

/** Ten seconds without a report, and room for a busy machine. */
const staleWithinMs = 25_000;

describe("the load of nodes", { timeout: 90_000 }, () => {
  let resourcesOfTest: AsyncDisposableStack;

  beforeEach(() => {
    resourcesOfTest = new AsyncDisposableStack();
  });
  afterEach(() => resourcesOfTest.disposeAsync());

  it("shows streams under way in headgate up", async () => {
    const provider = resourcesOfTest.use(await GatedProvider.start());
    const up = resourcesOfTest.use(await startUp({ config: yaml(provider.baseUrl) }));
    const streams = await Promise.all([stream(up.proxyUrl), stream(up.proxyUrl)]);
    await provider.waitForOpen(2);
    await untilLoad(up, (load) => expect(load).toMatchObject({ inFlight: 2, workers: 1 }));
    await eventually(async () => {
      const table = await headgate(up, "nodes");
      expect(table).toMatch(/CURRENT +IN FLIGHT +CALLS\/S +LAST SEEN/);
      expect(table).toMatch(/ connected +\d+ +\d+ +2 +0\.0 /);
    });

    provider.openGate();
    for (const one of streams) expect(await one.text()).toContain("[DONE]");
    const ended = await untilLoad(up, (load) => {
      expect(load?.inFlight).toBe(0);
      expect(load?.callsPerSecond).toBeGreaterThan(0);
      expect(load?.outputTokensPerSecond).toBeGreaterThan(0);
    });
    expect(ended?.callsPerSecond).toBeLessThanOrEqual(4);
    expect(ended?.failuresPerSecond).toBe(0);
    const json = await headgate(up, "nodes", "-o", "json");
    expect(JSON.parse(json).nodes[0].load).toMatchObject({
      ...{ calls_per_second: expect.any(Number), rss_bytes: expect.stringMatching(/^\d+$/) },
      report_time: expect.any(String),
    });
  });

  it("comes over NATS, is gone with it, and returns, while no call fails", async () => {
    const nats = resourcesOfTest.use(await startNats({ jetStream: false }));
    const provider = resourcesOfTest.use(await startFakeProvider());
    const { control, node } = await startPlanes(provider, nats);
    const calls = resourcesOfTest.use(new Trickle(node.proxyUrl));
    await untilLoad(control, (load) => expect(load?.callsPerSecond).toBeGreaterThan(0));

    await nats.kill();
    await untilLoad(control, (load) => expect(load).toBeUndefined());
    await calls.hasServed(20);
    expect(await metrics(node)).toContain("headgate_node_bus_connected 0");
    expect(await metrics(node)).toMatch(/headgate_node_bus_dropped_reports_total [1-9]/);
    expect(await headgate(control, "nodes")).toMatch(/^eu-1 +eu +connected /m);
    expect(await headgate(control, "nodes")).not.toContain("IN FLIGHT");

    await nats.restart();
    await untilLoad(control, (load) => expect(load?.callsPerSecond).toBeGreaterThan(0));
    await calls.hasServed(20);
    expect(await calls.stop()).toEqual(new Set([200]));
    const said = node.process.logs.withMessage("load reports don't reach the bus; calls go on");
    expect(said).toHaveLength(1);
    expect(node.process.logs.withMessage("load reports reach the bus again")).toHaveLength(1);
  });

  it("is that of a node which ends: draining, then gone", async () => {
    const nats = resourcesOfTest.use(await startNats({ jetStream: false }));
    const provider = resourcesOfTest.use(await startFakeProvider());
    const { control, node } = await startPlanes(provider, nats);
    provider.script({ hold: true });
    const held = chatStatus({ proxyUrl: node.proxyUrl, key });
    await provider.waitFor(1);
    node.process.signal("SIGTERM");
    await untilLoad(control, (load) => expect(load).toMatchObject({ inFlight: 1, draining: true }));
    expect(await headgate(control, "nodes")).toMatch(/^eu-1 +eu +(draining|disconnected) /m);
    provider.release();
    await held;
    expect(await node.process.exited).toMatchObject({ code: 0 });
    await untilLoad(control, (load) => expect(load).toBeUndefined());
  });

  async function startPlanes(provider: FakeProvider, nats: NatsServer) {
    const bus = `bus: {nats: {servers: ["${nats.clientUrl}"]}}`;
    const control = resourcesOfTest.use(
      await startControlPlane({
        config: `region: eu\nlisten: {admin: 127.0.0.1:0, grpc: 127.0.0.1:0}\n${bus}\n`,
      }),
    );
    const file = join(control.folder, "resources.yaml");
    writeFileSync(file, yaml(provider.baseUrl));
    await headgate(control, "apply", "-f", file);
    const node = resourcesOfTest.use(await startDataPlane({ config: nodeConfig(control, bus) }));
    return { control, node };
  }
});

type Admin = Pick<RunningControlPlane, "adminUrl" | "adminToken" | "folder">;

/** The load of the one node there is, once `holds` does not throw. */
async function untilLoad(
  { adminUrl, adminToken }: Admin,
  holds: (load: admin.NodeLoad | undefined) => void,
): Promise<admin.NodeLoad | undefined> {
  const client = createAdminClient({ server: adminUrl, token: adminToken });
  return await eventually(async () => {
    const [node] = (await client.listNodes({})).nodes;
    if (!node) throw new Error("there is no node yet");
    holds(node.load);
    return node.load;
  }, staleWithinMs);
}

async function headgate(
  { adminUrl, adminToken, folder }: Admin,
  ...args: readonly string[]
): Promise<string> {
  const env = { HEADGATE_SERVER: adminUrl, HEADGATE_ADMIN_TOKEN: adminToken };
  const { code, output } = await runHeadgate(args, { folder, env });
  if (code !== 0) throw new Error(`headgate ${args.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

async function stream(proxyUrl: string): Promise<Response> {
  return await chat({ proxyUrl, key, stream: true });
}

async function metrics({ telemetryUrl }: RunningDataPlane): Promise<string> {
  return await (await fetch(`${telemetryUrl}/metrics`)).text();
}

function nodeConfig({ grpcUrl }: RunningControlPlane, bus: string): string {
  return `
region: eu
node: eu-1
listen: {proxy: "127.0.0.1:0", telemetry: "127.0.0.1:0"}
control_plane: {endpoints: ["${grpcUrl}"]}
workers: 1
${bus}
`;
}

function yaml(baseUrl: string): string {
  return `
providers:
  - name: fake
    type: openai-compatible
    base_url: ${baseUrl}
    credentials: [{name: fake-a, api_key: sk-upstream}]
models: [{name: chat, deployments: [{provider: fake}]}]
teams: [{name: e2e}]
keys: [{name: e2e, team: e2e, secret: ${key}}]
`;
}

/** Leaves the machine to others: these calls go on for as long as a test waits. */
const pauseMs = 20;

/** Calls one after the other until told to stop. */
class Trickle implements AsyncDisposable {
  readonly #statuses: number[] = [];
  readonly #done: Promise<void>;
  #stopping = false;

  constructor(proxyUrl: string) {
    this.#done = this.#run(proxyUrl);
  }

  /** Resolves when `count` more calls have been answered. */
  async hasServed(count: number): Promise<void> {
    const target = this.#statuses.length + count;
    await eventually(async () => expect(this.#statuses.length).toBeGreaterThanOrEqual(target));
  }

  /** Every status there was. */
  async stop(): Promise<ReadonlySet<number>> {
    this.#stopping = true;
    await this.#done;
    return new Set(this.#statuses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(proxyUrl: string): Promise<void> {
    while (!this.#stopping) {
      this.#statuses.push(await chatStatus({ proxyUrl, key }));
      await setTimeout(pauseMs);
    }
  }
}
