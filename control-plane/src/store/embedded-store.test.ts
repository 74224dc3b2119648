import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { ManualClock } from "@headgate/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createEmbeddedStore, type EmbeddedStoreOptions } from "./embedded-store.ts";
import { storeConformance } from "./store.conformance.ts";
import { CompactedError, type Store } from "./store.ts";

/** Opens the store it is given and writes until it is killed. */
const fixture = join(import.meta.dirname, "acknowledged-writer.fixture.ts");

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "headgate-store-"));
  path = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

storeConformance("embedded store in a file", async () => {
  const clock = new ManualClock();
  let store = createEmbeddedStore({ path, clock });
  return {
    store,
    advance: (ms) => clock.advance(ms),
    async reopen() {
      await store.close();
      store = createEmbeddedStore({ path, clock });
      return store;
    },
    dispose: () => store.close(),
  };
});

storeConformance("embedded store in memory", async () => {
  const clock = new ManualClock();
  const store = createEmbeddedStore({ path: ":memory:", clock });
  return { store, advance: (ms) => clock.advance(ms), dispose: () => store.close() };
});

describe("the file of an embedded store", () => {
  it("keeps every acknowledged write of a killed process, and no half of one", async () => {
    const child = spawn(process.execPath, [fixture, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const acknowledged: string[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      if (acknowledged.push(line) === 50) child.kill("SIGKILL");
    });
    await Promise.all([once(child, "close"), once(lines, "close")]);
    expect(child.signalCode).toBe("SIGKILL");
    expect(acknowledged.length).toBeGreaterThanOrEqual(50);

    await using(open(), async (store) => {
      for (const line of acknowledged) {
        const [count, revision] = line.split(" ");
        const { value } = await store.get(`/left/${count}`);
        expect(value?.revision).toBe(Number(revision));
      }
      const left = (await store.list("/left/")).value.map(({ revision }) => revision);
      const right = (await store.list("/right/")).value.map(({ revision }) => revision);
      expect(left).toEqual(right);
    });
  });

  it("is for one process at a time", async () => {
    await using(open(), async () => {
      expect(() => open()).toThrow(/is open in another process/);
      const child = spawn(process.execPath, [fixture, path], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const complaint = await text(child.stderr);
      expect(complaint).toMatch(/is open in another process; stop that one/);
      expect(child.exitCode ?? (await once(child, "exit"))[0]).toBe(1);
    });
    await using(open(), async (store) => expect((await store.get("/a")).revision).toBe(1));
  });

  it("is made with its folders, readable by its owner alone", async () => {
    path = join(folder, "deep", "er", "store.db");
    await using(open(), async () => expect(statSync(path).mode & 0o777).toBe(0o600));
  });

  it.each([
    {
      name: "text",
      spoil: () => writeFileSync(path, "resources:\n".repeat(500)),
      code: "not_a_store",
      says: /is not a Headgate store/,
    },
    {
      name: "the database of another program",
      spoil: () => alter("CREATE TABLE songs (title TEXT)"),
      code: "not_a_store",
      says: /another program/,
    },
    {
      name: "a store of a later schema",
      spoil: () => makeStore(() => alter("PRAGMA user_version = 2")),
      code: "newer_schema",
      says: /has schema 2, this version knows up to 1; upgrade/,
    },
    {
      name: "a store cut short",
      spoil: () => makeStore(() => truncateSync(path, statSync(path).size - 8192)),
      code: "corrupt",
      says: /damaged/,
    },
    {
      name: "a store with a page overwritten",
      spoil: () => makeStore(() => overwrite(4096 * 6, 4096)),
      code: "corrupt",
      says: /damaged/,
    },
    {
      name: "a folder",
      spoil: () => {
        path = folder;
      },
      code: "cannot_open",
      says: /cannot be opened; it must be a file/,
    },
  ])("is refused, and left as it is, when it is $name", async ({ spoil, code, says }) => {
    await spoil();
    const before = path === folder ? "" : readFileSync(path, "hex");
    expect(() => open()).toThrow(says);
    expect(() => open()).toThrow(expect.objectContaining({ name: "StoreError", code }));
    expect(path === folder ? "" : readFileSync(path, "hex")).toBe(before);
  });

  it("may be full: reads go on, deletes make room, writes go on then", async () => {
    await using(open({ bytesMax: 256 * 1024 }), async (store) => {
      const count = await fill(store);
      const { revision } = await store.get("/a");
      await expect(put(store, "/more", 20_000)).rejects.toMatchObject({ code: "full" });
      await expect(put(store, "/more", 20_000)).rejects.toThrow(/has no room left; free some/);
      expect((await store.list("/")).value).toHaveLength(count);
      expect((await store.get("/a")).revision).toBe(revision);
      await store.transact({ writes: [{ type: "delete", key: "/0" }] });
      expect(await put(store, "/more", 10_000)).toBe(revision + 2);
      expect(statSync(path).size).toBeLessThan(512 * 1024);
    });
    await using(open(), async (store) => expect(await sizeAt(store, "/more")).toBe(10_000));
  });

  it("forgets the past for want of room rather than refuse a write", async () => {
    await using(open({ bytesMax: 256 * 1024 }), async (store) => {
      for (let count = 0; count < 100; count++) await put(store, "/a", 10_000 + count);
      expect(await sizeAt(store, "/a")).toBe(10_099);
      await expect(store.get("/a", { revision: 2 })).rejects.toThrow(CompactedError);
    });
  });

  it("keeps a bounded past, and does not grow with the changes", async () => {
    await using(open({ revisionsKept: 100 }), async (store) => {
      for (let count = 0; count < 1000; count++) await put(store, `/${count % 3}`, 5000);
      const { revision } = await store.get("/0");
      expect((await store.get("/0", { revision: revision - 100 })).value).toBeDefined();
      const older = store.get("/0", { revision: revision - 101 });
      await expect(older).rejects.toThrow(CompactedError);
    });
    // 103 versions of 5 kB are about 850 kB; all 1,000 would be 8 MB.
    expect(statSync(path).size).toBeLessThan(2_000_000);
  });

  it("tells a watcher that fell behind the kept past", async () => {
    await using(open({ revisionsKept: 10 }), async (store) => {
      const { signal } = new AbortController();
      const batches = store.watch("/", { from: 1, signal })[Symbol.asyncIterator]();
      await put(store, "/a", 1);
      expect((await batches.next()).value).toMatchObject({ revision: 2 });
      for (let count = 0; count < 20; count++) await put(store, "/a", 1);
      await expect(batches.next()).rejects.toThrow(CompactedError);
    });
  });

  it("ends a lease later when it could not be ended in time", async () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const store = open({ clock, onError: (error) => errors.push(error) });
    const lease = await store.grantLease(1000);
    await store.transact({ writes: [{ type: "put", key: "/a", value: new Uint8Array(), lease }] });
    const exec = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(() => {
      throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
    });
    await clock.advance(1000);
    exec.mockRestore();
    expect(errors).toEqual([expect.objectContaining({ code: "io" })]);
    expect((await store.get("/a")).value).toBeDefined();
    expect(await lease.keepAlive()).toBe(false);
    await clock.advance(1000);
    expect((await store.get("/a")).value).toBeUndefined();
    await store.close();
  });
});

function open(options: Partial<EmbeddedStoreOptions> = {}): Store {
  return createEmbeddedStore({ path, clock: new ManualClock(), ...options });
}

async function using(store: Store, body: (store: Store) => Promise<void>): Promise<void> {
  try {
    await body(store);
  } finally {
    await store.close();
  }
}

/** Make a store with something in it, close it, and do something to its file. */
async function makeStore(change: () => void): Promise<void> {
  await using(open(), async (store) => {
    for (let count = 0; count < 50; count++) await put(store, `/${count}`, 500);
  });
  change();
}

function alter(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function overwrite(offset: number, length: number): void {
  const content = readFileSync(path);
  writeFileSync(path, content.fill(0xa5, offset, offset + length));
}

/** Put values until there is no room. Returns how many there are. */
async function fill(store: Store): Promise<number> {
  for (let count = 0; ; count++) {
    const failure = await put(store, `/${count}`, 20_000).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!failure) continue;
    expect(failure).toMatchObject({ code: "full" });
    return count;
  }
}

async function put(store: Store, key: string, length: number): Promise<number> {
  const value = new Uint8Array(length).fill(1);
  return (await store.transact({ writes: [{ type: "put", key, value }] })).revision;
}

async function sizeAt(store: Store, key: string): Promise<number | undefined> {
  return (await store.get(key)).value?.value.byteLength;
}
