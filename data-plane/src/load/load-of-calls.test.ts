import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { createInProcessBus } from "@headgate/bus";
import { createSealer } from "@headgate/config";
import { systemClock, systemRandom } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { type FakeProvider, startFakeProvider } from "@headgate/testing";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { type DataPlane, startDataPlane } from "../data-plane.ts";
import { FakeState } from "../discovery/__fixtures__/deltas.ts";
import { ScriptedControlPlane } from "../discovery/__fixtures__/scripted-control-plane.ts";
import { snapshotOf, testKey } from "../http/proxy-fixture.ts";

const stack: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const one of stack.splice(0)) await one.disposeAsync();
});

describe("the load that a node reports", { timeout: 30_000 }, () => {
  it("is that of its calls: under way, ended, failed, with their tokens", async () => {
    const { provider, plane, latest } = await start({ workers: 2 });
    const usages = await Promise.all([call(plane), call(plane), call(plane)]);
    await call(plane, { model: "unheard-of" });
    await expect.poll(latest, { timeout: 5_000 }).toMatchObject({
      ...{ inFlight: 0, calls: 4n, failedCalls: 1n, workers: 2, appliedVersion: 1n },
      inputTokens: sum(usages.map((usage) => usage?.prompt_tokens)),
      outputTokens: sum(usages.map((usage) => usage?.completion_tokens)),
      draining: false,
    });

    provider.script({ hold: true }, { hold: true });
    const held = [call(plane), call(plane)];
    await provider.waitFor(5);
    await expect.poll(latest, { timeout: 5_000 }).toMatchObject({ inFlight: 2, calls: 4n });

    const drained = plane.drain();
    await expect.poll(latest, { timeout: 5_000 }).toMatchObject({ inFlight: 2, draining: true });
    provider.release();
    expect(await drained).toEqual({ cut: 0 });
    await Promise.allSettled(held);
  });

  it("shows what becomes of the bus in metrics, and calls go on without it", async () => {
    const { plane, bus } = await start({ workers: 1 });
    expect(await plane.metricsText()).toContain("headgate_node_bus_connected 1");
    await bus.close();
    expect(await plane.metricsText()).toContain("headgate_node_bus_connected 0");
    expect(await call(plane)).toBeDefined();
  });

  it("goes nowhere without a bus, and has no metrics then", async () => {
    const { plane } = await start({ workers: 1, hasBus: false });
    expect(await call(plane)).toBeDefined();
    expect(await plane.metricsText()).not.toContain("headgate_node_bus");
  });
});

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

/** Undefined if it was refused. */
async function call(plane: DataPlane, { model = "chat" } = {}): Promise<Usage | undefined> {
  const { proxyAddress } = plane;
  if (proxyAddress.kind !== "tcp") throw new Error("these tests use ports");
  const response = await fetch(`http://127.0.0.1:${proxyAddress.port}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] }),
  });
  const body = (await response.json()) as { readonly usage?: Usage }; // An answer, or our error.
  return body.usage;
}

function sum(values: readonly (number | undefined)[]): bigint {
  return BigInt(values.reduce<number>((total, value) => total + (value ?? 0), 0));
}

/** A node with real workers in front of a provider, its reports read from the bus. */
async function start({ workers, hasBus = true }: { workers: number; hasBus?: boolean }) {
  const running = new AsyncDisposableStack();
  stack.push(running);
  const provider: FakeProvider = running.use(await startFakeProvider());
  const stateDir = mkdtempSync(join(tmpdir(), "headgate-"));
  running.defer(() => rmSync(stateDir, { recursive: true, force: true }));
  const bus = createInProcessBus({ clock: systemClock });
  running.defer(() => bus.close());
  const reports: discovery.LoadReport[] = [];
  bus.subscribe("load.eu.n1", ({ data }) => {
    reports.push(fromBinary(discovery.LoadReportSchema, data));
  });
  const control = new ScriptedControlPlane();
  const plane = await startDataPlane({
    ...{ node: "n1", region: "eu", build: "test", workers, stateDir },
    listen: { proxy: { kind: "tcp", host: "127.0.0.1", port: 0 } },
    bodyMaxBytes: 65_536,
    drainTimeoutMs: 10_000,
    sealer: createSealer(new Uint8Array(32).fill(7)),
    transports: [control.transport],
    ...(hasBus && { bus }),
    clock: systemClock,
    random: systemRandom,
    logger: pino({ level: "silent" }),
    logLevel: "silent",
  });
  running.defer(() => plane.stop());
  await expect.poll(() => control.streams.length).toBe(1);
  const { upserts } = snapshotOf({
    providers: [
      {
        ...{ name: "fake", type: "PROVIDER_TYPE_OPENAI_COMPATIBLE", base_url: provider.baseUrl },
        credentials: [{ name: "a", api_key: "sk-upstream" }],
      },
    ],
    models: [{ name: "chat", deployments: [{ provider: "fake" }] }],
  });
  control.stream.send(new FakeState().change(1n, upserts));
  await plane.ready;
  return { provider, plane, bus, latest: () => reports.at(-1) };
}
