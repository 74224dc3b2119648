import { type EtcdServer, startEtcd } from "@headgate/testing/servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Follower, open, outcomeOf, put, putOf, remove } from "./faults.fixture.ts";

/** Megabytes take their time on a busy machine. */
const requestTimeoutMs = 10_000;

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd[Symbol.asyncDispose]());
let prefix: string;
let tests = 0;
beforeEach(() => {
  tests += 1;
  prefix = `/test-${tests}`;
});

describe("sizes in an etcd store", () => {
  it("lists more than one message holds, at one revision", async () => {
    await using opened = open([etcd.clientUrl], { prefix, requestTimeoutMs });
    const { store } = opened;
    const value = new Uint8Array(1024 * 1024).fill(7);
    for (let count = 10; count < 30; count++)
      await store.transact({ writes: [putOf(`/${count}`, value)] });
    const { value: entries, more } = await store.list("/");
    expect(entries.map(({ key }) => key)).toEqual(range(10, 30).map((count) => `/${count}`));
    expect(entries.every((entry) => entry.value.byteLength === value.byteLength)).toBe(true);
    expect(more).toBe(false);
  });

  it("lists 10,000 entries and says that there are more", async () => {
    await using opened = open([etcd.clientUrl], { prefix, requestTimeoutMs });
    const { store } = opened;
    const keys = range(0, 10_001).map((count) => `/${String(count).padStart(5, "0")}`);
    const value = new Uint8Array(200);
    for (let at = 0; at < keys.length; at += 128) {
      const writes = keys.slice(at, at + 128).map((key) => putOf(key, value));
      await store.transact({ writes });
    }
    const page = await store.list("/");
    expect(page.value.map(({ key }) => key)).toEqual(keys.slice(0, 10_000));
    expect(page.more).toBe(true);
    const { revision } = page;
    const rest = await store.list("/", { revision, after: keys[9999] ?? "" });
    expect(rest.value.map(({ key }) => key)).toEqual(keys.slice(10_000));
    expect(rest.more).toBe(false);
  });

  it("tells a history of many large revisions, each whole", async () => {
    await using opened = open([etcd.clientUrl], { prefix, requestTimeoutMs });
    const { store } = opened;
    const value = new Uint8Array(9 * 1024).fill(7);
    const writes = range(0, 128).map((count) => putOf(`/${count}`, value));
    const revisions: number[] = [];
    for (let count = 0; count < 20; count++) {
      revisions.push((await store.transact({ writes })).revision);
    }
    const follower = new Follower(store, "/", revisions[0] ?? 0);
    await follower.reaches(revisions.at(-1) ?? 0);
    await follower.stop();
    expect(follower.revisions).toEqual(revisions);
    expect(follower.batches.map(({ changes }) => changes.length)).toEqual(Array(20).fill(128));
  });

  it("lets a watcher that takes nothing hold up nobody else", async () => {
    await using opened = open([etcd.clientUrl], { prefix, requestTimeoutMs });
    const { store } = opened;
    const from = await put(store, "/a", 0);
    const stopper = new AbortController();
    const lazy = store.watch("/", { from, signal: stopper.signal })[Symbol.asyncIterator]();
    await lazy.next();
    const follower = new Follower(store, "/", from);
    const value = new Uint8Array(512 * 1024);
    let last = 0;
    for (let count = 0; count < 40; count++) {
      last = (await store.transact({ writes: [putOf("/a", value)] })).revision;
    }
    await follower.reaches(last);
    await follower.stop();
    for (let count = 0; count < 40; count++) {
      const next = await lazy.next();
      expect(next.value).toMatchObject({ revision: follower.revisions[count + 1] });
    }
    stopper.abort();
  });

  it("refuses a transaction that etcd would not take", async () => {
    await using opened = open([etcd.clientUrl], {
      prefix: `/${"p".repeat(900)}`,
      requestTimeoutMs,
    });
    const { store } = opened;
    const long = (count: number) => `/${String(count).padStart(1000, "0")}`;
    const compare = range(0, 128).map((count) => ({ key: long(count), revision: 0 }));
    const writes = range(0, 128).map((count) => putOf(long(count), new Uint8Array(9 * 1024)));
    await expect(store.transact({ compare, writes })).rejects.toThrow(
      /etcd takes at most 1572864; write/,
    );
    expect(await store.transact({ compare, writes: writes.slice(0, 64) })).toMatchObject({
      ok: true,
    });
  });

  it("may be full: reads and deletes go on", async () => {
    await using etcd = await startEtcd({ quotaBytes: 2 * 1024 * 1024 });
    await using opened = open([etcd.clientUrl], { prefix, requestTimeoutMs });
    const { store } = opened;
    const fill = async () => {
      const value = new Uint8Array(256 * 1024);
      for (let count = 0; count < 100; count++) {
        await store.transact({ writes: [putOf(`/${count}`, value)] });
      }
    };
    const { error } = await outcomeOf(fill());
    expect(error).toMatchObject({ name: "StoreError", code: "full" });
    expect(String(error)).toMatch(/no room left; compact, defragment, or raise its quota/);
    expect((await store.get("/0")).value?.value.byteLength).toBe(256 * 1024);
    await remove(store, "/0");
    expect((await store.get("/0")).value).toBeUndefined();
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
