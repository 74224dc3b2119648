import { systemClock } from "@headgate/core";
import {
  type EtcdCluster,
  type PartitionableEtcd,
  startEtcdCluster,
  startPartitionableEtcd,
} from "@headgate/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { Follower, open, outcomeOf, put, putOf, textAt } from "./faults.fixture.ts";

let prefix: string;
let tests = 0;
beforeEach(() => {
  tests += 1;
  prefix = `/test-${tests}`;
});

describe("an etcd store of three members", () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcdCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  afterEach(() => restored(cluster));

  it("passes a dead member by at once, also for writes", async () => {
    await using opened = open(["http://127.0.0.1:1", ...cluster.clientUrls], { prefix });
    const { error, tookMs } = await outcomeOf(put(opened.store, "/a", 1));
    expect(error).toBeUndefined();
    expect(tookMs).toBeLessThan(1000);
    expect(await textAt(opened.store, "/a")).toBe("1");
  });

  it("passes a frozen member by, and pays for it once", async () => {
    const frozen = (await cluster.followers())[0];
    await frozen?.pause();
    const index = cluster.members.findIndex(({ name }) => name === frozen?.name);
    await using opened = open(hostsFrom(cluster, index), { prefix });
    const writes = async () => {
      for (let count = 0; count < 6; count++) await put(opened.store, "/a", count);
    };
    const { error, tookMs } = await outcomeOf(writes());
    expect(error).toBeUndefined();
    // A third of 1,500 ms, once; six times would be 3,000.
    expect(tookMs).toBeLessThan(2500);
    expect(opened.errors).toHaveLength(1);
  });

  it.each([
    { name: "killed", end: (index: number) => cluster.member(index).kill() },
    { name: "stopped", end: (index: number) => cluster.member(index).stop() },
    { name: "frozen", end: (index: number) => cluster.member(index).pause() },
  ])("keeps a watch whole while its member is $name", async ({ end }) => {
    await using opened = open(hostsFrom(cluster, 0), { prefix });
    await using writer = open(hostsFrom(cluster, 1), { prefix });
    const from = await writeBoth(writer.store, 0);
    const follower = new Follower(opened.store, "/", from);
    await follower.reaches(from);
    let done = false;
    const writing = writeUntil(writer.store, () => done);
    await systemClock.sleep(200);
    await end(0);
    await systemClock.sleep(1500);
    done = true;
    const acknowledged = await writing;
    const last = await writeLast(writer.store);
    await follower.reaches(last);
    await follower.stop();
    const truth = new Follower(writer.store, "/", from);
    await truth.reaches(last);
    await truth.stop();
    expect(follower.batches).toEqual(truth.batches);
    expect(new Set(follower.revisions).isSupersetOf(new Set(acknowledged))).toBe(true);
    expect(follower.batches.every(({ changes }) => changes.length === 2)).toBe(true);
    expect(acknowledged.length).toBeGreaterThan(10);
  });

  it("loses no acknowledged increment when leaders are killed under load", async () => {
    const clients = Array.from({ length: 4 }, (_, index) =>
      open(hostsFrom(cluster, index % 3), { prefix, requestTimeoutMs: 5000 }),
    );
    let done = false;
    const working = clients.map(({ store }) => incrementUntil(store, () => done));
    for (let kills = 0; kills < 2; kills++) {
      await systemClock.sleep(500);
      const leader = await cluster.leader();
      await leader.kill();
      await systemClock.sleep(2500);
      await leader.restart();
    }
    done = true;
    const counts = await Promise.all(working);
    const acknowledged = counts.reduce((sum, count) => sum + count.acknowledged, 0);
    const doubtful = counts.reduce((sum, count) => sum + count.doubtful, 0);
    const [first] = clients;
    const total = Number(first && (await textAt(first.store, "/counter")));
    expect(acknowledged).toBeGreaterThan(20);
    expect(total).toBeGreaterThanOrEqual(acknowledged);
    expect(total).toBeLessThanOrEqual(acknowledged + doubtful);
    for (const { store } of clients) await store.close();
  });

  it("fails in time without quorum, and goes on by itself with it", async () => {
    await using opened = open(hostsFrom(cluster, 0), { prefix, requestTimeoutMs: 1500 });
    const { store, errors } = opened;
    const from = await put(store, "/a", 0);
    const lease = await store.grantLease(60_000);
    const follower = new Follower(store, "/", from);
    await follower.reaches(from);
    for (const index of [1, 2]) await cluster.member(index).kill();
    const first = await outcomeOf(put(store, "/a", 1));
    expect(first.error).toMatchObject({ code: "unavailable" });
    const second = await outcomeOf(put(store, "/a", 2));
    expect(String(second.error)).toMatch(/nothing was written/);
    const calls = [store.get("/a"), store.list("/"), store.grantLease(1000), lease.keepAlive()];
    for (const { error, tookMs } of await Promise.all(calls.map(outcomeOf))) {
      expect(error).toMatchObject({ name: "StoreError", code: "unavailable" });
      expect(tookMs).toBeLessThan(3000);
    }
    // Told of members, not of calls.
    expect(errors.length).toBeLessThan(12);
    await Promise.all([1, 2].map((index) => cluster.member(index).start()));
    const back = async () => await put(store, "/back", 1);
    await expect.poll(back, { timeout: 15_000 }).toBeGreaterThan(from);
    await follower.reaches((await store.get("/back")).value?.revision ?? Number.NaN);
    expect(await lease.keepAlive()).toBe(true);
    await follower.stop();
    const { value } = await store.get("/a");
    expect(["0", "1"]).toContain(new TextDecoder().decode(value?.value));
    const told = follower.batches.flatMap(({ changes }) => changes);
    expect(new Set(told.map((change) => JSON.stringify(change))).size).toBe(told.length);
  });
});

describe("an etcd store whose member is cut off from the others", () => {
  let etcd: PartitionableEtcd;
  beforeAll(async () => {
    etcd = await startPartitionableEtcd();
  });
  afterAll(() => etcd[Symbol.asyncDispose]());
  afterEach(() => etcd.heal());

  it("does not take a renewal from a leader that is cut off", async () => {
    const leader = await etcd.cluster.leader();
    await using opened = open([leader.clientUrl], { prefix });
    const lease = await opened.store.grantLease(60_000);
    expect(await lease.keepAlive()).toBe(true);
    etcd.isolate(etcd.cluster.members.indexOf(leader));
    const { error } = await outcomeOf(lease.keepAlive());
    expect(error).toMatchObject({ name: "StoreError", code: "unavailable" });
    etcd.heal();
    const renewed = () => lease.keepAlive().catch(() => undefined);
    await expect.poll(renewed, { timeout: 15_000 }).toBe(true);
  });

  it.each([
    { name: "a follower", pick: async (of: EtcdCluster) => (await of.followers())[0] },
    { name: "the leader", pick: async (of: EtcdCluster) => await of.leader() },
  ])("moves watches, reads and writes away from $name within 10 s", async ({ pick }) => {
    const member = await pick(etcd.cluster);
    const index = etcd.cluster.members.findIndex(({ name }) => name === member?.name);
    // As in production.
    const times = { requestTimeoutMs: 5000, watchCheckMs: 3000 };
    await using opened = open(hostsFrom(etcd.cluster, index), { prefix, ...times });
    await using elsewhere = open(hostsFrom(etcd.cluster, index + 1).slice(0, 2), {
      prefix,
      ...times,
    });
    const from = await put(elsewhere.store, "/a", 0);
    const follower = new Follower(opened.store, "/", from);
    await follower.reaches(from);
    etcd.isolate(index);
    const cutAtMs = systemClock.now();
    const written = () => put(elsewhere.store, "/a", 1);
    await expect.poll(written, { timeout: 10_000 }).toBeGreaterThan(from);
    const last = (await elsewhere.store.get("/a")).value?.revision ?? Number.NaN;
    await follower.reaches(last);
    expect(systemClock.now() - cutAtMs).toBeLessThan(10_000);
    expect(await textAt(opened.store, "/a")).toBe("1");
    expect(await put(opened.store, "/a", 2)).toBeGreaterThan(last);
    await follower.stop();
  });
});

/** All members, beginning with this one. */
function hostsFrom({ clientUrls }: EtcdCluster, first: number): string[] {
  return [...clientUrls.slice(first), ...clientUrls.slice(0, first)];
}

async function restored(cluster: EtcdCluster): Promise<void> {
  for (const member of cluster.members) {
    member.resume();
    if (!member.running) await member.start({ awaitHealth: false });
  }
  for (const member of cluster.members) await member.waitUntilHealthy();
}

/** Two keys in one revision. */
async function writeBoth(store: Store, count: number): Promise<number> {
  const value = new TextEncoder().encode(String(count));
  const writes = [putOf("/left", value), putOf("/right", value)];
  return (await store.transact({ writes })).revision;
}

/** Write until `done`. Returns the revisions that were acknowledged. */
async function writeUntil(store: Store, done: () => boolean): Promise<number[]> {
  const revisions: number[] = [];
  for (let count = 1; !done(); count++) {
    try {
      revisions.push(await writeBoth(store, count));
    } catch (error) {
      assertUnavailable(error);
    }
  }
  return revisions;
}

/** Write once more, however often that takes. */
async function writeLast(store: Store): Promise<number> {
  for (;;) {
    try {
      return await writeBoth(store, -1);
    } catch (error) {
      assertUnavailable(error);
    }
  }
}

function assertUnavailable(error: unknown): asserts error is StoreError {
  if (!(error instanceof StoreError) || error.code !== "unavailable") throw error;
}

/** Increment a counter, as one of several, counting what was acknowledged and what is in doubt. */
async function incrementUntil(store: Store, done: () => boolean) {
  const count = { acknowledged: 0, doubtful: 0 };
  while (!done()) {
    try {
      const { value } = await store.get("/counter");
      const next = Number(value ? new TextDecoder().decode(value.value) : 0) + 1;
      const result = await store.transact({
        compare: [{ key: "/counter", revision: value?.revision ?? 0 }],
        writes: [putOf("/counter", new TextEncoder().encode(String(next)))],
      });
      if (result.ok) count.acknowledged += 1;
    } catch (error) {
      assertUnavailable(error);
      if (/may or may not/.test(error.message)) count.doubtful += 1;
    }
  }
  return count;
}
