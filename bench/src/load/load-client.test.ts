import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Children } from "../process/children.ts";
import { startUpstream, type Upstream } from "../upstream/start-upstream.ts";
import type { ClosedLoop } from "./commands.ts";
import { LoadClient } from "./load-client.ts";

// The real programs: a load generator and a fake provider, with nothing between them.
describe("LoadClient", () => {
  const compileCache = mkdtempSync(join(tmpdir(), "headgate-bench-test-"));
  const children = new Children(compileCache);
  let upstream: Upstream;
  let client: LoadClient;

  beforeAll(async () => {
    upstream = await startUpstream(children);
    client = new LoadClient(children);
  });
  afterAll(async () => {
    await children.stopAll();
    rmSync(compileCache, { recursive: true, force: true });
  });

  it("sends as many plain requests as it may", async () => {
    const result = await client.run({ ...closedLoop(), requestsMax: 50 });
    expect(result).toMatchObject({ completed: 50, failed: 0, events: 0 });
  });

  it("ends in time", async () => {
    const result = await client.run({ ...closedLoop(), durationMs: 50 });
    expect(result.completed).toBeGreaterThan(0);
    expect(result.failed).toBe(0);
  });

  it.each(["bench-paced", "bench-burst"] as const)("counts every chunk of %s", async (model) => {
    const shape = { model, bodyBytes: 300, chunks: 20 };
    const result = await client.run({ ...closedLoop(), shape, requestsMax: 6 });
    expect(result).toMatchObject({ completed: 6, failed: 0, events: 6 * 21 });
  });

  it("sends at the rate it was given and measures every answer", async () => {
    const { target, shape } = closedLoop();
    const command = { target, shape, perSecond: 200, durationMs: 500 };
    const result = await client.run({ type: "open-loop", ...command });
    expect(result).toMatchObject({ completed: 100, failed: 0 });
    expect(result.p50Ms).toBeGreaterThan(0);
    expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms ?? Number.POSITIVE_INFINITY);
  });

  it("holds streams open until they are released", async () => {
    const shape = { model: "bench-held", bodyBytes: 300, chunks: 1_000 } as const;
    const { target } = closedLoop();
    expect(
      await client.run({ type: "hold", target, shape, streams: 30, openMaxMs: 20_000 }),
    ).toMatchObject({
      completed: 30,
    });
    expect(await client.run({ type: "release" })).toMatchObject({ failed: 0 });
  });

  it("says how many requests failed, and why the first did", async () => {
    const target = { origin: "http://127.0.0.1:1", headers: {} };
    await expect(client.run({ ...closedLoop(), target, requestsMax: 3 })).rejects.toThrow(
      /3 of 3 requests failed: .*ECONNREFUSED/,
    );
  });

  function closedLoop(): ClosedLoop {
    return {
      type: "closed-loop",
      target: { origin: `http://127.0.0.1:${upstream.port}`, headers: {} },
      shape: { model: "bench-paced", bodyBytes: 300 },
      concurrency: 3,
      durationMs: 20_000,
      requestsMax: 1_000_000,
    };
  }
});
