import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ManualClock, systemClock } from "@headgate/core";
import { admin, resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AdminApi,
  type AdminClient,
  storeWith,
  testAdminApi,
} from "../admin/admin-api.fixture.ts";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";

let clock: ManualClock;
let store: Store;
let plane: AdminApi;
let api: AdminClient;
beforeEach(() => {
  clock = new ManualClock(1_750_000_000_000);
  store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
  plane = testAdminApi({ clock, store });
  api = plane.api;
});
afterEach(async () => {
  plane.stop();
  await store.close();
});

const { CREATED, UPDATED, DELETED } = admin.ChangeAction;
const { DONE, DENIED } = admin.AuditOutcome;
const apiKey = "sk-upstream-secret";
const openai = {
  name: "openai",
  type: resources.ProviderType.OPENAI,
  credentials: [{ name: "c", apiKey }],
};

function changesOf(entry: admin.AuditEntry | undefined) {
  return entry?.changes.map(({ kind, name, action }) => [`${kind}/${name}`, action]);
}

describe("the audit log", () => {
  it("tells who did what, from where, before and after", async () => {
    const alice = plane.as({ actor: "token alice", role: admin.Role.EDITOR });
    await clock.advance(5);
    const made = await alice.createProvider(
      { provider: openai },
      { headers: { "user-agent": "headgate/1.0" } },
    );
    await clock.advance(5);
    const credentials = [{ name: "c", apiKey: "sk-second-secret" }];
    await alice.updateProvider({
      provider: { name: "openai", baseUrl: "https://example.com/v1", credentials },
      updateMask: { paths: ["base_url", "credentials"] },
    });
    await clock.advance(5);
    await api.deleteProvider({ name: "openai" });
    const [third, second, first] = await plane.entries();
    expect(first).toMatchObject({
      time: timestampFromMs(1_750_000_000_005),
      actor: "token alice",
      role: admin.Role.EDITOR,
      method: "CreateProvider",
      address: "in-process",
      userAgent: "headgate/1.0",
      outcome: DONE,
      message: "",
      revision: made.metadata?.revision,
    });
    expect(first?.id).toMatch(/^\d{13}-[0-9a-f]{8}$/);
    expect(changesOf(first)).toEqual([["provider/openai", CREATED]]);
    expect(first?.changes[0]?.before).toBeUndefined();
    expect(first?.changes[0]?.after?.resource.value).toEqual(made);
    expect(changesOf(second)).toEqual([["provider/openai", UPDATED]]);
    expect(second?.changes[0]).toMatchObject({
      changedFields: ["base_url", "credentials[0].api_key"],
      before: { resource: { case: "provider", value: { baseUrl: "" } } },
      after: { resource: { case: "provider", value: { baseUrl: "https://example.com/v1" } } },
    });
    expect(third).toMatchObject({
      actor: "in-process",
      role: admin.Role.ADMIN,
      method: "DeleteProvider",
    });
    expect(changesOf(third)).toEqual([["provider/openai", DELETED]]);
    expect(third?.changes[0]?.after).toBeUndefined();
    expect(JSON.stringify([first, second, third], noBigints)).not.toMatch(/sk-/);
  });

  it("names what a rotation changed, and has no secret of any key", async () => {
    const { secret: first } = await api.createKey({ key: { name: "k" } });
    const { secret: second } = await api.rotateKey({ name: "k" });
    await api.revokeKey({ name: "k" });
    const entries = await plane.entries();
    expect(entries.map(({ changes }) => changes[0]?.changedFields).sort()).toEqual([
      [],
      ["revoke_time"],
      ["secret_hash"],
    ]);
    const text = JSON.stringify(entries, noBigints);
    expect(text).not.toContain(first);
    expect(text).not.toContain(second);
  });

  it("has one entry in every revision that changes resources, and none besides", async () => {
    const abort = new AbortController();
    const batches: { revision: number; resources: number; entries: number }[] = [];
    const watching = (async () => {
      for await (const { revision, changes } of store.watch("/", {
        from: 1,
        signal: abort.signal,
      })) {
        const keys = changes.map((change) =>
          change.type === "put" ? change.entry.key : change.key,
        );
        batches.push({
          revision,
          resources: keys.filter((key) => key.startsWith("/resources/")).length,
          entries: keys.filter((key) => key.startsWith("/audit/")).length,
        });
      }
    })();
    await api.apply({ resources: { providers: [openai], teams: manyTeams(300) } });
    await api.createKey({ key: { name: "k", team: "t1" } });
    await api.updateKey({ key: { name: "k", user: "x" }, updateMask: { paths: ["user"] } });
    await api.rotateKey({ name: "k" });
    await api.revokeKey({ name: "k" });
    await api.createModel({ model: { name: "m", deployments: [{ provider: "openai" }] } });
    await api.createPolicy({ policy: {} });
    const set = create(resources.ResourceSetSchema, { teams: [{ name: "filed" }, { name: "t1" }] });
    await plane.apply.applyFile("a.yaml", set);
    await plane.apply.releaseFiles();
    await api.deleteModel({ name: "m" });
    const { revision } = await api.apply({ resources: {}, prune: true });
    await expect.poll(() => batches.at(-1)?.revision).toBe(Number(revision));
    abort.abort();
    await watching;
    for (const batch of batches) {
      expect(batch.entries).toBe(1);
      expect(batch.resources).toBeGreaterThan(0);
    }
    const { entries } = await api.listAuditEntries({ pageSize: 1000 });
    expect(entries.map((entry) => Number(entry.revision)).sort((a, b) => a - b)).toEqual(
      batches.map((batch) => batch.revision),
    );
    expect(entries.flatMap(({ changes }) => changes)).toHaveLength(
      batches.reduce((sum, batch) => sum + batch.resources, 0),
    );
  });

  it("has nothing of what was not done", async () => {
    await api.createTeam({ team: { name: "t" } });
    await api.createKey({ key: { name: "k", team: "t" } });
    await api.revokeKey({ name: "k" });
    const before = await plane.entries();
    await api.revokeKey({ name: "k" });
    await api.apply({ resources: { teams: [{ name: "t" }] } });
    await api.apply({ resources: { teams: [{ name: "u" }] }, dryRun: true });
    await api.createTeam({ team: { name: "u" }, validateOnly: true });
    await api.createTeam({ team: { name: "t" } }).catch(() => undefined);
    await api.deleteTeam({ name: "t" }).catch(() => undefined);
    await api.getTeam({ name: "t" });
    expect(await plane.entries()).toEqual(before);
  });

  it("tells of files", async () => {
    const set = create(resources.ResourceSetSchema, { teams: [{ name: "t" }] });
    await plane.apply.applyFile("dir/a.yaml", set);
    await clock.advance(1);
    await plane.apply.releaseFiles();
    const [released, applied] = await plane.entries();
    expect(applied).toMatchObject({
      actor: "file dir/a.yaml",
      role: admin.Role.UNSPECIFIED,
      method: "ApplyFile",
      address: "in-process",
    });
    expect(released).toMatchObject({ actor: "in-process", method: "ReleaseFiles" });
    expect(released?.changes[0]?.changedFields).toEqual(["metadata.managed_by"]);
  });

  it("is sealed", async () => {
    await api.createTeam({ team: { name: "team-in-clear" } });
    const { value } = await store.list("/audit/");
    expect(value).toHaveLength(1);
    expect(value.some((entry) => Buffer.from(entry.value).includes("team-in-clear"))).toBe(false);
  });

  it("does not grow by large changes: 256 KiB are an entry's", async () => {
    const name = (n: number) => `m${n}`;
    const models = Array.from({ length: 20 }, (_, n) => ({
      name: name(n),
      deployments: Array.from({ length: 100 }, (_, i) => ({
        provider: "openai",
        model: `${n}-${i}-${"x".repeat(200)}`,
      })),
    }));
    await api.apply({ resources: { providers: [openai], models } });
    const { value } = await store.list("/audit/");
    for (const entry of value) expect(entry.value.length).toBeLessThan(256 * 1024);
    const [entry] = await plane.entries("name = m0");
    const shown = entry?.changes.filter(({ after }) => after).length ?? 0;
    expect(entry?.changes).toHaveLength(21);
    expect(shown).toBeGreaterThan(5);
    expect(shown).toBeLessThan(21);
  });

  it("cannot be missing: where the store fails, nothing is done", async () => {
    const failing = testAdminApi({
      clock,
      store: storeWith(store, {
        transact: (transaction) =>
          transaction.writes.some((write) => write.key.startsWith("/audit/"))
            ? Promise.reject(new Error("no"))
            : store.transact(transaction),
      }),
    });
    await expect(failing.api.createTeam({ team: { name: "t" } })).rejects.toMatchObject({
      code: Code.Internal,
    });
    expect((await api.listTeams({})).teams).toEqual([]);
  });
});

describe("ListAuditEntries", () => {
  const names = (entries: readonly admin.AuditEntry[]) =>
    entries.map(({ changes }) => changes[0]?.name);
  const at = (ms: number) => timestampFromMs(1_750_000_000_000 + ms);

  async function tenTeams(): Promise<void> {
    for (let n = 0; n < 10; n++) {
      await clock.advance(10);
      await api.createTeam({ team: { name: `t${n}` } });
    }
  }

  it("gives pages, newest first, none twice, though more comes meanwhile", async () => {
    await tenTeams();
    const found: unknown[] = [];
    let pageToken = "";
    do {
      const page = await api.listAuditEntries({ pageSize: 3, pageToken });
      found.push(...names(page.entries));
      pageToken = page.nextPageToken;
      await clock.advance(10);
      await api.createKey({ key: { name: `k${found.length}` } });
    } while (pageToken !== "");
    expect(found).toEqual(["t9", "t8", "t7", "t6", "t5", "t4", "t3", "t2", "t1", "t0"]);
  });

  it.each([
    { name: "from a time on", start: at(90), found: ["t9", "t8"] },
    { name: "before a time", end: at(30), found: ["t1", "t0"] },
    { name: "from one time to another", start: at(40), end: at(60), found: ["t4", "t3"] },
    {
      name: "between the milliseconds",
      start: nanos(at(40), 1),
      end: nanos(at(60), 1),
      found: ["t5", "t4"],
    },
    { name: "in no time", start: at(50), end: at(50), found: [] },
    { name: "before all", end: at(0), found: [] },
    { name: "after all", start: at(1_000), found: [] },
  ])("gives what was done $name", async ({ start, end, found }) => {
    await tenTeams();
    const times = { ...(start && { startTime: start }), ...(end && { endTime: end }) };
    expect(names((await api.listAuditEntries(times)).entries)).toEqual(found);
    const paged: unknown[] = [];
    let pageToken = "";
    do {
      const page = await api.listAuditEntries({ ...times, pageToken, pageSize: 1 });
      paged.push(...names(page.entries));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(paged).toEqual(found);
  });

  it.each([
    { filter: 'actor = "token *"', found: ["k"] },
    { filter: "role = editor", found: ["k"] },
    { filter: "method = CreateTeam", found: ["t"] },
    { filter: "kind = key AND NOT method = RotateKey", found: ["k"] },
    { filter: "name = t", found: ["t"] },
    { filter: "outcome = denied", found: [undefined] },
    { filter: 'address = "in-process" AND outcome = done', found: ["k", "t"] },
  ])("gives what matches $filter", async ({ filter, found }) => {
    await api.createTeam({ team: { name: "t" } });
    await clock.advance(1);
    await plane
      .as({ actor: "token alice", role: admin.Role.EDITOR })
      .createKey({ key: { name: "k" } });
    await clock.advance(1);
    const source = {
      actor: "anonymous",
      role: 0,
      method: "ListKeys",
      address: "10.0.0.1",
      userAgent: "",
    };
    plane.auditor.denied(source, "no token");
    expect(names(await plane.entries(filter))).toEqual(found);
  });

  it("looks at two thousand entries a call, and goes on from there", async () => {
    const source = { actor: "a", role: 1, address: "", userAgent: "" };
    for (let n = 0; n < 17; n++) {
      const writes = Array.from({ length: 128 }, (_, i) => {
        const method = n === 0 && i === 0 ? "Rare" : "Often";
        return plane.auditor.entryForOther({ ...source, method }, []);
      });
      await store.transact({ writes });
      await clock.advance(1);
    }
    const first = await api.listAuditEntries({ filter: "method = Rare" });
    expect(first.entries).toEqual([]);
    const second = await api.listAuditEntries({
      filter: "method = Rare",
      pageToken: first.nextPageToken,
    });
    expect(second.entries).toHaveLength(1);
  });

  it.each([
    {
      name: "a field that is none",
      input: { filter: "who = x" },
      says: /no field "who".*actor, role, method/,
    },
    {
      name: "a word that is none",
      input: { filter: "outcome = refused" },
      says: /one of done, denied/,
    },
    {
      name: "times the wrong way round",
      input: { startTime: at(2), endTime: at(1) },
      says: /start_time must not be after end_time/,
    },
    { name: "a page token made up", input: { pageToken: "x" }, says: /page_token/ },
    { name: "far too large pages", input: { pageSize: 1001 }, says: /at most 1000/ },
  ])("refuses $name", async ({ input, says }) => {
    await expect(api.listAuditEntries(input)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(says),
    });
  });

  it("refuses the page token of another filter, of other times, and of another listing", async () => {
    await tenTeams();
    const { nextPageToken: pageToken } = await api.listAuditEntries({ pageSize: 1 });
    const teams = await api.listTeams({ pageSize: 1 });
    for (const input of [
      { pageToken, filter: "kind = team" },
      { pageToken, startTime: at(0) },
      { pageToken: teams.nextPageToken },
    ]) {
      await expect(api.listAuditEntries(input)).rejects.toMatchObject({
        code: Code.InvalidArgument,
      });
    }
  });
});

describe("WatchAuditEntries", () => {
  it("gives new entries that match, as they are made", async () => {
    await api.createTeam({ team: { name: "old" } });
    const abort = new AbortController();
    const entries = api
      .watchAuditEntries({ filter: "kind = team" }, { signal: abort.signal })
      [Symbol.asyncIterator]();
    const first = entries.next();
    // It begins when it is asked: until then nothing is new.
    const isOpen = first.then(() => true);
    for (let n = 0; ; n++) {
      await api.createTeam({ team: { name: `t${n}` } });
      const turn = new Promise<false>((resolve) => setImmediate(resolve, false));
      if (await Promise.race([isOpen, turn])) break;
    }
    expect((await first).value).toMatchObject({ method: "CreateTeam", outcome: DONE });
    await api.createKey({ key: { name: "k" } });
    await api.createTeam({ team: { name: "last" } });
    for (;;) {
      const { value } = await entries.next();
      expect(value?.changes[0]?.kind).toBe("team");
      expect(value?.changes[0]?.name).not.toBe("old");
      if (value?.changes[0]?.name === "last") break;
    }
    abort.abort();
  });

  it("ends when the control plane stops", async () => {
    const entries = api.watchAuditEntries({})[Symbol.asyncIterator]();
    const next = entries.next();
    for (let n = 0; n < 20; n++) await new Promise(setImmediate);
    plane.stop();
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable });
  });
});

describe("refused calls", () => {
  const source = {
    actor: "anonymous",
    role: 0,
    method: "ListKeys",
    address: "10.0.0.1",
    userAgent: "x",
  };

  it("are recorded with who, from where and why, and no revision", async () => {
    plane.auditor.denied(source, "no token");
    const [entry] = await plane.entries();
    expect(entry).toMatchObject({
      ...source,
      outcome: DENIED,
      message: "no token",
      revision: 0n,
      changes: [],
    });
  });

  it("are recorded ten a second, and beyond that only counted", async () => {
    for (let n = 0; n < 50; n++) plane.auditor.denied(source, `${n}`);
    expect(await plane.entries()).toHaveLength(10);
    await clock.advance(500);
    for (let n = 0; n < 50; n++) plane.auditor.denied(source, `${n}`);
    expect(await plane.entries()).toHaveLength(15);
    await clock.advance(60_000);
    for (let n = 0; n < 50; n++) plane.auditor.denied(source, `${n}`);
    expect(await plane.entries()).toHaveLength(25);
    expect(await plane.droppedCount()).toBe(125);
  });

  it("never wait, nor fail, because of the store", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = testAdminApi({
      clock,
      store: storeWith(store, {
        transact: () => gate.promise.then(() => Promise.reject(new Error("down"))),
      }),
    });
    for (let n = 0; n < 200; n++) {
      slow.auditor.denied(source, `${n}`);
      await clock.advance(100);
    }
    // One is being written, a hundred wait.
    expect(await slow.droppedCount()).toBe(99);
    gate.resolve();
    await slow.auditor.flush();
    expect(await slow.droppedCount()).toBe(200);
    expect(slow.logLines.join()).toMatch(/could not be written/);
  });
});

describe("entries of what others write", () => {
  it("name it, without more", async () => {
    const source = {
      actor: "root",
      role: 1,
      method: "CreateAdminToken",
      address: "::1",
      userAgent: "",
    };
    const changes = [
      { kind: "admin_token", name: "ci", action: "created" },
      { kind: "node", name: "eu-1", action: "deleted" },
    ] as const;
    await store.transact({ writes: [plane.auditor.entryForOther(source, changes)] });
    const [entry] = await plane.entries("kind = admin_token");
    expect(changesOf(entry)).toEqual([
      ["admin_token/ci", CREATED],
      ["node/eu-1", DELETED],
    ]);
  });
});

function manyTeams(count: number) {
  return Array.from({ length: count }, (_, n) => ({ name: `t${n}` }));
}

function nanos(time: ReturnType<typeof timestampFromMs>, more: number) {
  return { ...time, nanos: time.nanos + more };
}

function noBigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}
