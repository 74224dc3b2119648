import { create } from "@bufbuild/protobuf";
import { createSealer } from "@headgate/config";
import { systemClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tokenDigest } from "../http/bearer-token.ts";
import { ResourceCodec } from "../resources/resource-codec.ts";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import { CompactedError, type Entry, type Store, type WatchBatch } from "../store/store.ts";
import { putToken, tokenKey } from "./stored-token.ts";
import { TokenCache } from "./token-cache.ts";

const codec = new ResourceCodec(createSealer(new Uint8Array(32).fill(1)));
const otherCodec = new ResourceCodec(createSealer(new Uint8Array(32).fill(2)));

describe("TokenCache", () => {
  let store: Store;
  let cache: TokenCache;
  const lines: string[] = [];

  beforeEach(async () => {
    store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
    await write("early");
    cache = cacheOf(store);
    await cache.loaded;
  });
  afterEach(async () => {
    await cache.stop();
    await store.close();
  });

  it("has what was there before, and what comes", async () => {
    expect(cache.find("hgt_early")).toMatchObject({ name: "early", role: admin.Role.VIEWER });
    await write("late");
    await vi.waitFor(() => expect(cache.find("hgt_late")).toMatchObject({ name: "late" }));
    expect(cache.size).toBe(2);
    expect(cache.find("hgt_")).toBeUndefined();
    expect(cache.find("early")).toBeUndefined();
  });

  it("forgets what is deleted, and says so to its streams", async () => {
    const withdrawn = cache.find("hgt_early")?.withdrawn;
    await store.transact({ writes: [{ type: "delete", key: tokenKey("early") }] });
    await vi.waitFor(() => expect(cache.find("hgt_early")).toBeUndefined());
    expect(withdrawn?.aborted).toBe(true);
  });

  it("takes another token of the same name for another", async () => {
    const withdrawn = cache.find("hgt_early")?.withdrawn;
    await write("early", { token: "hgt_second" });
    await vi.waitFor(() => expect(cache.find("hgt_second")).toBeDefined());
    expect(cache.find("hgt_early")).toBeUndefined();
    expect(withdrawn?.aborted).toBe(true);
  });

  it("lets streams go on when the same token is sealed again", async () => {
    const withdrawn = cache.find("hgt_early")?.withdrawn;
    await write("early");
    await write("marker");
    await vi.waitFor(() => expect(cache.find("hgt_marker")).toBeDefined());
    expect(cache.find("hgt_early")?.withdrawn).toBe(withdrawn);
    expect(withdrawn?.aborted).toBe(false);
  });

  it("refuses what it can't read, says so, and goes on", async () => {
    await write("early", { by: otherCodec });
    await write("good");
    await vi.waitFor(() => expect(cache.find("hgt_good")).toBeDefined());
    expect(cache.find("hgt_early")).toBeUndefined();
    expect(lines.join()).toContain("an admin token in the store can't be read");
    expect(lines.join()).toContain("/tokens/early");
  });

  it("refuses a token whose role is not known here", async () => {
    await write("newer", { role: 77 as admin.Role });
    await write("good");
    await vi.waitFor(() => expect(cache.find("hgt_good")).toBeDefined());
    expect(cache.find("hgt_newer")).toBeUndefined();
  });

  async function write(name: string, options: Parameters<typeof putOf>[1] = {}): Promise<void> {
    await store.transact({ writes: [putOf(name, options)] });
  }

  function cacheOf(of: Store): TokenCache {
    lines.length = 0;
    const logger = pino({ level: "debug" }, { write: (line: string) => lines.push(line) });
    return new TokenCache({ store: of, codec, clock: systemClock, random: () => 0, logger });
  }

  describe("over a store that misbehaves", () => {
    it("lists again what it missed, when that was compacted", async () => {
      const script = new ScriptedStore();
      script.entries = [entryOf("a", 1)];
      const scripted = cacheOf(script.store);
      await scripted.loaded;
      const withdrawn = scripted.find("hgt_a")?.withdrawn;
      script.entries = [entryOf("b", 9)];
      script.revision = 9;
      script.fail(new CompactedError(9));
      await vi.waitFor(() => expect(scripted.find("hgt_b")).toBeDefined());
      expect(scripted.find("hgt_a")).toBeUndefined();
      expect(withdrawn?.aborted).toBe(true);
      await scripted.stop();
    });

    it("does not bring back what this replica deleted, when the watch is late", async () => {
      const script = new ScriptedStore();
      const scripted = cacheOf(script.store);
      await scripted.loaded;
      scripted.put(entryOf("a", 5));
      expect(scripted.find("hgt_a")).toBeDefined();
      scripted.remove("a", 6);
      expect(scripted.find("hgt_a")).toBeUndefined();
      const late = (name: string) => ({ type: "put", entry: entryOf(name, 5) }) as const;
      script.send({ revision: 5, changes: [late("a"), late("marker")] });
      await vi.waitFor(() => expect(scripted.find("hgt_marker")).toBeDefined());
      expect(scripted.find("hgt_a")).toBeUndefined();
      script.send({ revision: 6, changes: [{ type: "delete", key: tokenKey("a") }] });
      script.send({ revision: 8, changes: [{ type: "put", entry: entryOf("a", 8) }] });
      await vi.waitFor(() => expect(scripted.find("hgt_a")).toBeDefined());
      await scripted.stop();
    });

    it("does not undo a newer write of this replica by an older one of the watch", async () => {
      const script = new ScriptedStore();
      const scripted = cacheOf(script.store);
      await scripted.loaded;
      scripted.put(entryOf("a", 8, "hgt_new"));
      script.send({ revision: 4, changes: [{ type: "put", entry: entryOf("a", 4, "hgt_old") }] });
      script.send({ revision: 5, changes: [{ type: "delete", key: tokenKey("a") }] });
      script.send({ revision: 6, changes: [{ type: "put", entry: entryOf("b", 6) }] });
      await vi.waitFor(() => expect(scripted.find("hgt_b")).toBeDefined());
      expect(scripted.find("hgt_new")).toBeDefined();
      expect(scripted.find("hgt_old")).toBeUndefined();
      await scripted.stop();
    });
  });
});

function putOf(
  name: string,
  {
    token = `hgt_${name}`,
    by = codec,
    role = admin.Role.VIEWER,
  }: { token?: string; by?: ResourceCodec; role?: admin.Role } = {},
) {
  const stored = create(admin.StoredAdminTokenSchema, {
    adminToken: { name, role },
    tokenHash: new Uint8Array(tokenDigest(token)),
  });
  return putToken(name, { stored, codec: by });
}

function entryOf(name: string, revision: number, token = `hgt_${name}`): Entry {
  const { key, value } = putOf(name, { token });
  return { key, value, createRevision: revision, revision };
}

/** Lists and watches as a test says. */
class ScriptedStore {
  entries: Entry[] = [];
  revision = 1;
  readonly #batches: (WatchBatch | Error)[] = [];
  #wake = Promise.withResolvers<void>();

  send(batch: WatchBatch): void {
    this.#batches.push(batch);
    this.#wake.resolve();
  }

  fail(error: Error): void {
    this.#batches.push(error);
    this.#wake.resolve();
  }

  readonly store = {
    list: async () => ({ value: this.entries, revision: this.revision, more: false }),
    watch: (_: string, { signal }: { signal: AbortSignal }) => this.#watch(signal),
  } as unknown as Store; // What is used of one.

  async *#watch(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.#wake.resolve());
    while (!signal.aborted) {
      const batch = this.#batches.shift();
      if (batch instanceof Error) throw batch;
      if (batch) yield batch;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }
}
