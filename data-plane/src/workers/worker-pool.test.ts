import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ListenAddress } from "@headgate/config";
import { systemClock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { pino } from "pino";
import { AggregatorRegistry } from "prom-client";
import { afterEach, describe, expect, it } from "vitest";
import { WorkerPool, type WorkerPoolOptions, workerCount } from "./worker-pool.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("WorkerPool", () => {
  it("serves one address with all workers, each with every delta", async () => {
    const { pool, address } = await startPool({ workers: 2 });
    await pool.applyDelta(delta(0n, 5n, "a"));
    await pool.applyDelta(delta(5n, 6n, "b"));
    pool.setReadiness({ ready: true, reason: "" });
    const answers = await untilAllWorkersAnswer(address, 2);
    for (const answer of answers) {
      expect(answer).toMatchObject({ version: "6", names: ["team/a", "team/b"] });
    }
    await expect.poll(() => ask(address)).toMatchObject({ ready: true });
    expect(pool.listening).toBe(2);
  });

  it("replaces a crashed worker, gives it the whole snapshot, and goes on meanwhile", async () => {
    const { pool, address } = await startPool({ workers: 2 }, delta(0n, 9n, "a", "b"));
    await ask(address, "/crash").catch(() => {});
    await expect.poll(() => pool.listening).toBe(1);
    expect(await ask(address)).toMatchObject({ version: "9" });
    await expect.poll(() => pool.listening, { timeout: 10_000 }).toBe(2);
    for (const answer of await untilAllWorkersAnswer(address, 2)) {
      expect(answer).toMatchObject({ version: "9", names: ["team/a", "team/b"] });
    }
  });

  it("keeps what a crashed worker had counted in the sums", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    await ask(address);
    await ask(address);
    expect(await calls(pool)).toBe(2);
    await ask(address, "/crash").catch(() => {});
    await expect.poll(() => pool.listening).toBe(0);
    expect(await calls(pool)).toBeGreaterThanOrEqual(2);
    await expect.poll(() => pool.listening, { timeout: 10_000 }).toBe(1);
    await ask(address);
    expect(await calls(pool)).toBeGreaterThanOrEqual(3);
  });

  it("keeps what a crashed worker had done in the load, but for what it had under way", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    await ask(address);
    const held = await open(address, "/hold");
    held.response.on("error", () => {});
    expect(await pool.load()).toMatchObject({ inFlight: 1, calls: 1, outputTokens: 1 });
    await ask(address, "/crash").catch(() => {});
    await expect.poll(() => pool.listening).toBe(0);
    expect(await pool.load()).toMatchObject({ inFlight: 0, calls: 1, outputTokens: 1 });
    await expect.poll(() => pool.listening, { timeout: 10_000 }).toBe(1);
    await ask(address);
    expect(await pool.load()).toMatchObject({ inFlight: 0, calls: 2, outputTokens: 2 });
  });

  it("answers load with what was last seen of a worker that hangs", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    await ask(address);
    expect(await pool.load()).toMatchObject({ calls: 1 });
    const hanging = ask(address, "/hang").catch(() => {});
    await untilHanging(pool);
    expect(await pool.load()).toMatchObject({ calls: 1 });
    await pool.stop();
    await hanging;
  });

  it("answers metrics with what was last seen of a worker that hangs", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    await ask(address);
    expect(await calls(pool)).toBe(1);
    const hanging = ask(address, "/hang").catch(() => {});
    await untilHanging(pool);
    expect(await calls(pool)).toBe(1);
    await pool.stop();
    await hanging;
  });

  it("drains: lets a call in flight finish, takes no new ones", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    const held = await open(address, "/hold");
    const drained = pool.drain(10_000);
    await expect.poll(() => ask(address).catch((error) => error.code)).toBe("ECONNREFUSED");
    held.request.destroy();
    expect(await within(drained, 5_000)).toEqual({ cut: 0 });
  });

  it("drains: counts the calls that did not finish in time", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    const held = await open(address, "/hold");
    held.response.on("error", () => {});
    expect(await pool.drain(50)).toEqual({ cut: 1 });
  });

  it("drains: is bounded although a worker hangs", async () => {
    const { pool, address } = await startPool({ workers: 1 });
    const hanging = ask(address, "/hang").catch(() => {});
    await untilHanging(pool);
    expect(await pool.drain(10)).toEqual({ cut: 0 });
    await pool.stop();
    await hanging;
  });

  it("ends as a start error when the script crashes", async () => {
    const workerUrl = new URL("./no-such-worker.ts", import.meta.url);
    await expect(startPool({ workers: 2, workerUrl })).rejects.toThrow(/crashed at start.*no-such/);
  });

  it.each([1, 2])(
    "names the address in use and says what to do, with %i workers",
    async (workers) => {
      const taken = createServer().listen(0, "127.0.0.1");
      cleanups.push(() => taken.close());
      await once(taken, "listening");
      const { port } = taken.address() as { port: number };
      await expect(
        startPool({ workers, listen: { kind: "tcp", host: "127.0.0.1", port } }),
      ).rejects.toThrow(
        `cannot listen on 127.0.0.1:${port} (proxy): another program listens there; stop it, or choose another port`,
      );
    },
  );

  it("does not share the port with another pool", async () => {
    const { address } = await startPool({ workers: 2 });
    await expect(startPool({ workers: 2, listen: address })).rejects.toThrow("listens there");
  });

  it("says which address this machine does not have", async () => {
    const listen = { kind: "tcp", host: "192.0.2.1", port: 0 } as const;
    await expect(startPool({ workers: 1, listen })).rejects.toThrow("no such address");
  });

  it("serves a Unix socket, over one that a killed process left, and again after a crash", async () => {
    const path = join(temporaryDir(), "proxy.sock");
    const listen: ListenAddress = { kind: "unix", path };
    await leaveStaleSocket(path);
    const { pool } = await startPool({ workers: 3, listen }, delta(0n, 2n, "a"));
    expect(pool.listening).toBe(1);
    expect(await ask(listen)).toMatchObject({ version: "2" });
    await expect(startPool({ workers: 1, listen })).rejects.toThrow(
      `cannot listen on unix:${path} (proxy): another program listens there`,
    );
    await ask(listen, "/crash").catch(() => {});
    await expect.poll(() => pool.listening).toBe(0);
    await expect.poll(() => pool.listening, { timeout: 10_000 }).toBe(1);
    expect(await ask(listen)).toMatchObject({ version: "2" });
  });

  it("says that the folder of a Unix socket is missing", async () => {
    const path = join(temporaryDir(), "missing", "proxy.sock");
    await expect(startPool({ workers: 1, listen: { kind: "unix", path } })).rejects.toThrow(
      /the folder does not exist|no permission/,
    );
  });
});

describe("workerCount()", () => {
  const port: ListenAddress = { kind: "tcp", host: "::", port: 0 };
  const socket: ListenAddress = { kind: "unix", path: "/run/proxy.sock" };
  it.each([
    { name: "as many as wanted", workers: 4, listen: port, platform: "linux", count: 4, warns: 0 },
    { name: "one on macOS", workers: 4, listen: port, platform: "darwin", count: 1, warns: 1 },
    { name: "one for a socket", workers: 4, listen: socket, platform: "linux", count: 1, warns: 1 },
    {
      name: "one without a word",
      workers: 1,
      listen: port,
      platform: "darwin",
      count: 1,
      warns: 0,
    },
  ] as const)("is $name", ({ workers, listen, platform, count, warns }) => {
    const warnings: unknown[] = [];
    const logger = { warn: (...words: unknown[]) => warnings.push(words) };
    expect(workerCount({ workers, listen, platform, logger })).toBe(count);
    expect(warnings).toHaveLength(warns);
  });
});

async function startPool(
  options: Partial<WorkerPoolOptions> & { readonly workers: number },
  snapshot?: Uint8Array,
) {
  const pool = new WorkerPool({
    workerUrl: new URL("./__fixtures__/stand-in-worker.ts", import.meta.url),
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    workerData: { node: "n", region: "r", bodyMaxBytes: 1024, logLevel: "silent" },
    fullDelta: () => snapshot,
    onChange: () => {},
    clock: systemClock,
    random: () => 0.5,
    logger: pino({ level: "silent" }),
    ...options,
  });
  cleanups.push(() => pool.stop());
  return { pool, address: await pool.start() };
}

function delta(fromVersion: bigint, version: bigint, ...teams: string[]): Uint8Array {
  const upserts = teams.map((name) => ({ resource: { case: "team" as const, value: { name } } }));
  const message = create(discovery.StreamSnapshotsResponseSchema, {
    fromVersion,
    version,
    upserts,
  });
  return toBinary(discovery.StreamSnapshotsResponseSchema, message);
}

async function open(
  address: ListenAddress,
  path: string,
): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const where = address.kind === "unix" ? { socketPath: address.path } : address;
  const request = httpRequest({ ...where, path, agent: false });
  request.end();
  const [response] = await once(request, "response");
  request.on("error", () => {});
  return { request, response };
}

async function ask(address: ListenAddress, path = "/"): Promise<{ worker: number }> {
  const { response } = await open(address, path);
  return JSON.parse(await text(response));
}

/** The kernel spreads connections by chance, so ask until each has answered. */
async function untilAllWorkersAnswer(address: ListenAddress, workers: number) {
  const answers = new Map<number, object>();
  await expect
    .poll(
      async () => {
        const answer = await ask(address);
        answers.set(answer.worker, answer);
        return answers.size;
      },
      { interval: 1, timeout: 10_000 },
    )
    .toBe(workers);
  return answers.values();
}

async function calls(pool: WorkerPool): Promise<number> {
  const summed = AggregatorRegistry.aggregate(await pool.metrics());
  const metric = (await summed.getMetricsAsJSON()).find((m) => m.name === "stand_in_calls_total");
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

/** Only a worker that hangs takes all the time it is given. */
async function untilHanging(pool: WorkerPool): Promise<void> {
  await expect
    .poll(
      async () => {
        const begin = performance.now();
        await pool.metrics();
        return performance.now() - begin;
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(900);
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = AbortSignal.timeout(ms);
  return Promise.race([
    promise,
    once(late, "abort").then(() => Promise.reject(new Error(`not done within ${ms} ms`))),
  ]);
}

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "headgate-"));
  cleanups.push(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** What kill -9 leaves: the file, and nobody behind it. */
async function leaveStaleSocket(socketPath: string): Promise<void> {
  const { execFileSync } = await import("node:child_process");
  const script = `require("net").createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync(process.execPath, ["-e", script]);
  } catch {
    // Killed, as meant.
  }
  expect(existsSync(socketPath)).toBe(true);
}
