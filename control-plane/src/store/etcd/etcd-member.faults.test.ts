import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { type Link, startLink } from "@headgate/testing/links";
import { type EtcdServer, startEtcd } from "@headgate/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CompactedError } from "../store.ts";
import { Follower, open, outcomeOf, put, remove, textAt } from "./faults.fixture.ts";

// One member, and a line to it that can be cut.
let etcd: EtcdServer;
let link: Link;
let host: string;
let prefix: string;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd[Symbol.asyncDispose]());
let tests = 0;
beforeEach(async () => {
  tests += 1;
  prefix = `/test-${tests}`;
  link = await startLink({ target: { host: "127.0.0.1", port: etcd.settings.clientPort } });
  host = `http://${link.address}`;
});
afterEach(async () => {
  await link.close();
  etcd.resume();
  if (!etcd.running) await etcd.start();
});

describe("an etcd store whose etcd is gone", () => {
  it("fails in time, says that nothing was written, and recovers by itself", async () => {
    await using opened = open([etcd.clientUrl], { prefix });
    const { store, errors } = opened;
    const from = await put(store, "/a", 0);
    const follower = new Follower(store, "/", from);
    await follower.reaches(from);
    await etcd.kill();
    const calls = [
      store.get("/a"),
      store.list("/"),
      put(store, "/a", 1),
      store.grantLease(1000),
      store.compact(1),
    ];
    for (const { error, tookMs } of await Promise.all(calls.map(outcomeOf))) {
      expect(error).toMatchObject({ name: "StoreError", code: "unavailable" });
      expect(String(error)).toMatch(
        /no answer from etcd; (nothing was written|it may be tried again) \(etcd at http:/,
      );
      expect(tookMs).toBeLessThan(3000);
    }
    await etcd.restart();
    const back = await put(store, "/a", 2);
    await follower.reaches(back);
    await follower.stop();
    expect(follower.revisions).toEqual([from, back]);
    expect(errors.length).toBeLessThanOrEqual(3);
  });

  it("waits for one that is about to start", async () => {
    await etcd.kill();
    await using opened = open([host], { prefix, requestTimeoutMs: 5000 });
    const read = opened.store.get("/a");
    await etcd.start();
    expect((await read).value).toBeUndefined();
  });

  it("says so where nothing listens, or something that is no etcd", async () => {
    await using stranger = await listening((socket) =>
      socket.resume().end("HTTP/1.1 400 No\r\n\r\n"),
    );
    for (const wrong of ["http://127.0.0.1:1", stranger.url]) {
      await using opened = open([wrong], { prefix });
      const { error, tookMs } = await outcomeOf(put(opened.store, "/a", 1));
      expect(error).toMatchObject({ code: "unavailable" });
      expect(String(error)).toContain(wrong);
      expect(tookMs).toBeLessThan(3000);
    }
  });
});

describe("an etcd store whose etcd is silent", () => {
  it.each([
    { name: "is frozen", silence: () => etcd.pause(), end: () => etcd.resume() },
    { name: "is behind a line that is cut", silence: () => link.cut(), end: () => link.heal() },
  ])("says that a write under way may have happened, when it $name", async ({ silence, end }) => {
    await using opened = open([host], { prefix });
    const { store } = opened;
    await put(store, "/a", 0);
    const lease = await store.grantLease(60_000);
    await silence();
    const write = await outcomeOf(put(store, "/a", 1));
    expect(write.error).toMatchObject({ code: "unavailable" });
    expect(String(write.error)).toMatch(/may or may not have been written: read before/);
    expect(write.tookMs).toBeLessThan(3000);
    const calls = [store.get("/a"), lease.keepAlive(), lease.revoke()];
    for (const { error, tookMs } of await Promise.all(calls.map(outcomeOf))) {
      expect(error).toMatchObject({ code: "unavailable" });
      expect(tookMs).toBeLessThan(3000);
    }
    end();
    await expect.poll(() => textAt(store, "/a"), { timeout: 15_000 }).toMatch(/^[01]$/);
  });

  it("sends no write to a member that it has not heard of for long", async () => {
    await using opened = open([host], { prefix });
    link.cut();
    const { error } = await outcomeOf(put(opened.store, "/a", 1));
    expect(error).toMatchObject({ code: "unavailable" });
    expect(String(error)).toMatch(/nothing was written/);
    link.heal();
    await expect.poll(() => put(opened.store, "/b", 2), { timeout: 15_000 }).toBeGreaterThan(0);
    expect(await textAt(opened.store, "/a")).toBeUndefined();
  });

  it("ends a watch at once that is given up meanwhile", async () => {
    await using opened = open([host], { prefix, requestTimeoutMs: 10_000 });
    const from = await put(opened.store, "/a", 0);
    const standing = new Follower(opened.store, "/", from);
    await standing.reaches(from);
    link.cut();
    const opening = new Follower(opened.store, "/", from);
    await systemClock.sleep(50);
    for (const follower of [standing, opening]) {
      const { error, tookMs } = await outcomeOf(follower.stop());
      expect(error).toBeUndefined();
      expect(tookMs).toBeLessThan(500);
    }
  });

  it("leaves a watch alone that is idle, and its member well", async () => {
    await using opened = open([host], { prefix, watchCheckMs: 250 });
    const from = await put(opened.store, "/a", 0);
    const follower = new Follower(opened.store, "/", from);
    await follower.reaches(from);
    const before = link.counters;
    await systemClock.sleep(1500);
    const after = link.counters;
    expect(opened.errors).toEqual([]);
    expect(after.accepted).toBe(before.accepted);
    expect(after.bytesThere).toBeGreaterThan(before.bytesThere);
    await follower.stop();
  });

  it("notices a watch that went silent, and misses nothing", async () => {
    await using opened = open([host], { prefix });
    await using direct = open([etcd.clientUrl], { prefix });
    const from = await put(direct.store, "/a", 0);
    const follower = new Follower(opened.store, "/", from);
    await follower.reaches(from);
    link.cut();
    const revisions = [from];
    for (let count = 1; count <= 20; count++) revisions.push(await put(direct.store, "/a", count));
    await expect.poll(() => opened.errors.length, { timeout: 5000 }).toBeGreaterThan(0);
    link.heal();
    await follower.reaches(revisions.at(-1) ?? 0);
    await follower.stop();
    expect(follower.revisions).toEqual(revisions);
  });
});

describe("compaction under a watch of an etcd store", () => {
  it("is told to a watch that was cut off meanwhile", async () => {
    await using opened = open([host], { prefix });
    await using direct = open([etcd.clientUrl], { prefix });
    const from = await put(direct.store, "/a", 0);
    const follower = new Follower(opened.store, "/", from);
    await follower.reaches(from);
    link.cut({ mode: "reset" });
    await put(direct.store, "/a", 1);
    const compacted = await put(direct.store, "/a", 2);
    await direct.store.compact(compacted);
    link.heal();
    await expect(follower.done).rejects.toMatchObject({
      name: "CompactedError",
      compactedRevision: compacted,
    });
    expect(follower.revisions).toEqual([from]);
  });

  it("loses no deletion made at the compacted revision itself", async () => {
    await using opened = open([host], { prefix });
    const { store } = opened;
    await put(store, "/a", 0);
    const deleted = await remove(store, "/a");
    await store.compact(deleted);
    const follower = new Follower(store, "/", deleted);
    await expect(follower.done).rejects.toThrow(CompactedError);
  });

  it("is what a watch hears of too when etcd was set back behind what it saw", async () => {
    await using etcd = await startEtcd();
    await using opened = open([etcd.clientUrl], { prefix });
    const { store } = opened;
    let revision = 0;
    for (let count = 0; count < 10; count++) revision = await put(store, "/a", count);
    const follower = new Follower(store, "/", revision);
    await follower.reaches(revision);
    await etcd.kill();
    rmSync(join(etcd.settings.folder, "data"), { recursive: true });
    await etcd.restart();
    await expect(follower.done).rejects.toThrow(CompactedError);
    const { value, revision: now } = await store.list("/");
    expect(value).toEqual([]);
    expect(now).toBeLessThan(revision);
  });
});

describe("leases of an etcd store", () => {
  it("last whole seconds, rounded up, and no less than etcd's least", async () => {
    await using opened = open([host], { prefix });
    expect((await opened.store.grantLease(1001)).ttlMs).toBe(2000);
    expect((await opened.store.grantLease(5000)).ttlMs).toBe(5000);
    await expect(opened.store.grantLease(1e16)).rejects.toThrow(RangeError);
  });

  it("are seen to be gone by the next keepAlive", async () => {
    await using opened = open([host], { prefix });
    const lease = await opened.store.grantLease(1000);
    await systemClock.sleep(lease.ttlMs + 1500);
    expect(await lease.keepAlive()).toBe(false);
  });
});

describe("closing an etcd store", () => {
  it("leaves no connection, and ends what waits", async () => {
    const { store } = open([host], { prefix });
    const from = await put(store, "/a", 0);
    const followers = Array.from({ length: 20 }, () => new Follower(store, "/", from));
    for (const follower of followers) await follower.reaches(from);
    const lease = await store.grantLease(1000);
    await lease.keepAlive();
    expect(link.openConnections).toBeGreaterThan(0);
    await store.close();
    for (const { done } of followers) await expect(done).rejects.toMatchObject({ code: "closed" });
    await expect(lease.keepAlive()).rejects.toMatchObject({ code: "closed" });
    await expect.poll(() => link.openConnections, { timeout: 3000 }).toBe(0);
  });

  it("takes no longer than a call while etcd is silent", async () => {
    const { store } = open([host], { prefix });
    const from = await put(store, "/a", 0);
    const follower = new Follower(store, "/", from);
    await follower.reaches(from);
    link.cut();
    const read = outcomeOf(store.get("/a"));
    const { tookMs } = await outcomeOf(store.close());
    expect(tookMs).toBeLessThan(2500);
    expect((await read).error).toMatchObject({ name: "StoreError" });
    await expect(follower.done).rejects.toMatchObject({ code: "closed" });
  });
});

async function listening(onConnection: (socket: Socket) => void) {
  const server = createServer(onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
}
