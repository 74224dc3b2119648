import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSealer } from "@headgate/config";
import { systemClock } from "@headgate/core";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { type DataPlane, type DataPlaneOptions, startDataPlane } from "./data-plane.ts";
import { FakeState, key, provider, settings, team } from "./discovery/__fixtures__/deltas.ts";
import { ScriptedControlPlane } from "./discovery/__fixtures__/scripted-control-plane.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("startDataPlane()", () => {
  it("listens before there is a snapshot, and is ready when the control plane brings one", async () => {
    const { plane, control, state } = await start();
    expect((await get(plane, "/")).status).toBe(503);
    expect(await readiness(plane)).toMatchObject({
      status: 503,
      body: { reasons: ["no snapshot yet, waiting for the control plane"] },
    });
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [team("a")]));
    await plane.ready;
    expect(await readiness(plane)).toMatchObject({ status: 200, body: { snapshot_version: "5" } });
    expect(await get(plane, "/")).toMatchObject({
      status: 200,
      body: { version: "5", names: ["team/a"] },
    });
    await expect.poll(() => get(plane, "/")).toMatchObject({ body: { ready: true } });
  });

  it("acknowledges a delta when all workers serve it", async () => {
    const { plane, control, state } = await start({ workers: 2 });
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => control.stream.answers).toEqual(["ack 5"]);
    for (let call = 0; call < 10; call++) {
      expect(await get(plane, "/")).toMatchObject({ body: { version: "5" } });
    }
  });

  it("refuses a poisoned delta, serves the old one, and counts it", async () => {
    const { plane, control, state, stateDir } = await start();
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [team("a")]));
    await plane.ready;
    control.stream.send({ ...state.full(), fromVersion: 5n, version: 6n, upserts: [team("!")] });
    await expect.poll(() => control.stream.answers).toEqual(["ack 5", "nack 5"]);
    expect(await get(plane, "/")).toMatchObject({ body: { version: "5", names: ["team/a"] } });
    const text = await plane.metricsText();
    expect(text).toContain("headgate_snapshot_nacks_total 1");
    expect(text).toContain("headgate_snapshot_version 5");
    expect(text).toContain("headgate_control_plane_connected 1");
    expect(text).toContain("headgate_workers 1");
    expect(text).toMatch(/stand_in_calls_total \d/);
    await plane.stop();

    const again = await start({ stateDir, isUp: false });
    await again.plane.ready;
    expect(await get(again.plane, "/")).toMatchObject({ body: { version: "5" } });
  });

  it("goes on when the control plane dies, and restarts from disk while it is away", async () => {
    const { plane, control, state, stateDir } = await start();
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [provider("openai"), settings(), key("alice")]));
    await plane.ready;
    control.goDown();
    await expect.poll(() => plane.metricsText()).toContain("headgate_control_plane_connected 0");
    expect((await readiness(plane)).status).toBe(200);
    expect(await get(plane, "/")).toMatchObject({ status: 200, body: { version: "5" } });
    await plane.stop();

    const again = await start({ stateDir, isUp: false, workers: 2 });
    await again.plane.ready;
    expect((await readiness(again.plane)).status).toBe(200);
    expect(await get(again.plane, "/")).toMatchObject({
      body: { version: "5", names: ["key/alice", "provider/openai", "settings/default"] },
    });
  });

  it("resumes from the saved version when the control plane is there", async () => {
    const first = await start();
    await expect.poll(() => first.control.streams.length).toBe(1);
    first.control.stream.send(first.state.change(5n, [team("a")]));
    await first.plane.ready;
    await first.plane.stop();
    const { control, plane } = await start({ stateDir: first.stateDir });
    await expect.poll(() => control.streams.length).toBe(1);
    await expect.poll(() => control.stream.received.length).toBe(1);
    expect(control.stream.hello).toMatchObject({
      appliedVersion: 5n,
      stateHash: first.state.stateHash,
    });
    control.stream.send(first.state.change(6n, [team("b", 6n)]));
    await expect.poll(() => control.stream.answers).toEqual(["ack 6"]);
    expect(await get(plane, "/")).toMatchObject({ body: { names: ["team/a", "team/b"] } });
  });

  it("starts empty from a corrupted file, which it sets aside and logs", async () => {
    const stateDir = temporaryDir();
    writeFileSync(join(stateDir, "snapshot.sealed"), "not a snapshot");
    const { plane, lines } = await start({ stateDir, isUp: false });
    expect((await readiness(plane)).status).toBe(503);
    expect(readdirSync(stateDir)).toEqual(["snapshot.sealed.corrupt"]);
    expect(lines.filter(({ msg }) => msg.includes("cannot be used"))).toMatchObject([
      { reason: "it is not a saved snapshot" },
    ]);
  });

  it("serves although the state folder cannot be written, warning once", async () => {
    // A file where the folder is to be: unwritable for root as well.
    const stateDir = join(temporaryDir(), "state");
    writeFileSync(stateDir, "");
    chmodSync(stateDir, 0o400);
    const { plane, control, state, lines } = await start({ stateDir });
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [team("a")]));
    control.stream.send(state.change(6n, [team("b", 6n)]));
    await expect.poll(() => control.stream.answers).toEqual(["ack 5", "ack 6"]);
    expect(await get(plane, "/")).toMatchObject({ body: { version: "6" } });
    await expect
      .poll(() => plane.metricsText())
      .toMatch(/headgate_snapshot_save_failures_total [1-9]/);
    expect(lines.filter(({ msg }) => msg.includes("cannot be saved"))).toHaveLength(1);
  });

  it("gives a restarted worker the snapshot in use", async () => {
    const { plane, control, state } = await start();
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [team("a")]));
    control.stream.send(state.change(6n, [team("b", 6n)], ["team/a"]));
    await expect.poll(() => control.stream.answers).toEqual(["ack 5", "ack 6"]);
    await get(plane, "/crash").catch(() => {});
    await expect
      .poll(() => get(plane, "/").catch(() => undefined), { timeout: 10_000 })
      .toMatchObject({ body: { version: "6", names: ["team/b"], ready: true } });
  });

  it("is not ready while it drains, and says how many calls were cut", async () => {
    const { plane, control, state } = await start({ drainTimeoutMs: 50 });
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [team("a")]));
    await plane.ready;
    const held = await fetch(`${proxyUrl(plane)}/hold`);
    const draining = plane.drain();
    expect(await readiness(plane)).toMatchObject({ status: 503, body: { reasons: ["draining"] } });
    expect(await draining).toEqual({ cut: 1 });
    expect(await plane.drain()).toEqual({ cut: 1 });
    await expect(held.text()).rejects.toThrow();
    await expect(get(plane, "/")).rejects.toThrow();
  });

  it("shows names and revisions of the snapshot, and no secrets", async () => {
    const { plane, control, state } = await start();
    await expect.poll(() => control.streams.length).toBe(1);
    control.stream.send(state.change(5n, [provider("openai", 4n), key("alice", 3n), settings()]));
    await plane.ready;
    const text = await (await fetch(`${telemetryUrl(plane)}/debug/snapshot`)).text();
    expect(text).toContain('{"kind":"provider","name":"openai","revision":"4"}');
    for (const secret of ["sk-upstream", "hmac-sha256", "0000000000"]) {
      expect(text).not.toContain(secret);
    }
  });

  it("leaves nothing running when the proxy address is in use", async () => {
    const { plane } = await start();
    const taken = plane.proxyAddress;
    const stateDir = temporaryDir();
    await expect(start({ stateDir, proxy: taken })).rejects.toMatchObject({
      name: "ListenError",
      listener: "proxy",
      code: "EADDRINUSE",
    });
    expect(existsSync(join(stateDir, "snapshot.sealed"))).toBe(false);
  });

  it("names the telemetry address in use, so that a caller can do without", async () => {
    const { plane } = await start();
    await expect(start({ telemetry: plane.telemetryAddress })).rejects.toMatchObject({
      name: "ListenError",
      listener: "telemetry",
    });
  });

  it("tells who waits for readiness that it was stopped", async () => {
    const { plane } = await start({ isUp: false });
    const waiting = expect(plane.ready).rejects.toThrow("stopped");
    await plane.stop();
    await plane.stop();
    await waiting;
  });
});

interface StartOptions {
  readonly workers?: number;
  readonly stateDir?: string;
  readonly drainTimeoutMs?: number;
  /** Whether the control plane takes streams. */
  readonly isUp?: boolean;
  readonly proxy?: DataPlaneOptions["listen"]["proxy"];
  readonly telemetry?: DataPlaneOptions["listen"]["telemetry"];
}

/** A node with real threads (stand-in workers), real files and a scripted control plane. */
async function start(options: StartOptions = {}) {
  const control = new ScriptedControlPlane();
  control.isUp = options.isUp ?? true;
  const stateDir = options.stateDir ?? temporaryDir();
  const lines: { msg: string }[] = [];
  const plane = await startDataPlane({
    node: "n1",
    region: "eu",
    build: "test",
    listen: { proxy: options.proxy ?? anyPort, telemetry: options.telemetry ?? anyPort },
    workers: options.workers ?? 1,
    bodyMaxBytes: 1024,
    drainTimeoutMs: options.drainTimeoutMs ?? 1_000,
    stateDir,
    sealer: createSealer(new Uint8Array(32).fill(7)),
    transports: [control.transport],
    clock: systemClock,
    random: () => 0.001,
    logger: pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    logLevel: "silent",
    workerUrl: new URL("./workers/__fixtures__/stand-in-worker.ts", import.meta.url),
  });
  cleanups.push(() => plane.stop());
  return { plane, control, state: new FakeState(), stateDir, lines };
}

const anyPort = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;

function proxyUrl({ proxyAddress }: DataPlane): string {
  if (proxyAddress.kind !== "tcp") throw new Error("these tests use ports");
  return `http://127.0.0.1:${proxyAddress.port}`;
}

function telemetryUrl({ telemetryAddress }: DataPlane): string {
  return `http://127.0.0.1:${telemetryAddress?.port}`;
}

async function get(plane: DataPlane, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(proxyUrl(plane) + path);
  return { status: response.status, body: await response.json() };
}

async function readiness(plane: DataPlane): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${telemetryUrl(plane)}/health/ready`);
  return { status: response.status, body: await response.json() };
}

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "headgate-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
