import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { admin, resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AdminApi, type AdminClient, testAdminApi } from "./admin-api.fixture.ts";
import { applyFailure } from "./admin-errors.ts";

let plane: AdminApi;
let api: AdminClient;
beforeEach(() => {
  plane = testAdminApi();
  api = plane.api;
});
afterEach(() => plane.store.close());

const { CREATED, UPDATED, UNCHANGED, DELETED } = admin.ChangeAction;

const openai = {
  name: "openai",
  type: resources.ProviderType.OPENAI,
  credentials: [{ name: "openai-a", apiKey: "sk-upstream" }],
};
const whole = {
  models: [{ name: "gpt", deployments: [{ provider: "openai" }] }],
  providers: [openai],
  teams: [{ name: "research" }],
  keys: [{ name: "alice", team: "research", secret: "sk-alice-1234567890" }],
  policy: { retry: { maxAttempts: 2 } },
};

describe("Apply", () => {
  it("makes everything at once, then nothing, then only what differs", async () => {
    const first = await api.apply({ resources: whole });
    expect(actions(first)).toEqual({
      "provider/openai": CREATED,
      "model/gpt": CREATED,
      "team/research": CREATED,
      "key/alice": CREATED,
      "policy/default": CREATED,
    });
    const { model } = { model: await api.getModel({ name: "gpt" }) };
    expect(model.metadata?.revision).toBe(first.revision);

    const second = await api.apply({ resources: whole });
    expect(new Set(Object.values(actions(second)))).toEqual(new Set([UNCHANGED]));
    expect((await api.getModel({ name: "gpt" })).metadata).toEqual(model.metadata);

    const third = await api.apply({
      resources: { ...whole, keys: [{ ...whole.keys[0], secret: "sk-alice-other-key-1" }] },
    });
    expect(actions(third)).toMatchObject({ "key/alice": UPDATED, "team/research": UNCHANGED });
  });

  it("says what it would do, and does nothing, when asked so", async () => {
    const dry = await api.apply({ resources: whole, dryRun: true });
    expect(actions(dry)).toMatchObject({ "model/gpt": CREATED });
    expect((await api.listModels({})).models).toEqual([]);
    await api.apply({ resources: whole });
    const prune = await api.apply({ resources: {}, prune: true, dryRun: true });
    expect(new Set(Object.values(actions(prune)))).toEqual(new Set([DELETED]));
    expect((await api.listModels({})).models).toHaveLength(1);
    expect(plane.logLines.filter((line) => line.includes('"method":"Apply"'))).toHaveLength(1);
  });

  it("prunes what is not named, whatever refers to what, except what a file manages", async () => {
    await plane.apply.applyFile(
      "a.yaml",
      create(resources.ResourceSetSchema, { teams: [{ name: "filed" }] }),
    );
    await api.apply({ resources: whole });
    const pruned = await api.apply({ resources: { teams: [{ name: "new" }] }, prune: true });
    expect(actions(pruned)).toMatchObject({ "provider/openai": DELETED, "key/alice": DELETED });
    expect((await api.listTeams({})).teams.map(({ name }) => name)).toEqual(["filed", "new"]);
    expect((await api.listKeys({})).keys).toEqual([]);
  });

  it("lets two keys swap their secrets, and a new key take that of a deleted one", async () => {
    const [one, two] = ["sk-number-one-00000", "sk-number-two-00000"];
    await api.apply({
      resources: {
        keys: [
          { name: "a", secret: one },
          { name: "b", secret: two },
        ],
      },
    });
    await api.apply({
      resources: {
        keys: [
          { name: "a", secret: two },
          { name: "b", secret: one },
        ],
      },
    });
    await api.apply({ resources: { keys: [{ name: "c", secret: one }] }, prune: true });
    await api.createKey({ key: { name: "d", secret: two } });
    await expect(api.createKey({ key: { name: "e", secret: one } })).rejects.toThrow(/key c has/);
  });

  it("hands a secret on even if that takes several transactions", async () => {
    const secret = "sk-handed-on-000000";
    await api.apply({ resources: { keys: [{ name: "old", secret }] } });
    const keys = Array.from({ length: 200 }, (_, n) => ({
      name: `k${n}`,
      secret: n === 0 ? secret : `sk-number-${n}-0000000`,
    }));
    await api.apply({ resources: { keys }, prune: true });
    await expect(api.createKey({ key: { name: "x", secret } })).rejects.toThrow(/key k0 has/);
  });

  it("keeps a revoked key revoked", async () => {
    await api.apply({ resources: whole });
    await api.revokeKey({ name: "alice" });
    await api.apply({ resources: { ...whole, keys: [{ ...whole.keys[0], user: "al" }] } });
    expect((await api.getKey({ name: "alice" })).revokeTime).toBeDefined();
  });

  it("writes more than fits one transaction in several, and deletes them likewise", async () => {
    const keys = Array.from({ length: 300 }, (_, n) => ({
      name: `k${n}`,
      team: "research",
      secret: `sk-number-${n}-0000000`,
    }));
    await api.apply({ resources: { ...whole, keys } });
    expect((await api.listKeys({ pageSize: 1000 })).keys).toHaveLength(300);
    await api.apply({ resources: {}, prune: true });
    expect((await api.listKeys({})).keys).toEqual([]);
    const left = await plane.store.list("/key-hashes/");
    expect(left.value).toEqual([]);
  });
});

describe("what Apply tells", () => {
  const gpt = (weight: number) => ({
    name: "gpt",
    deployments: [{ provider: "openai", weight }, { provider: "openai" }],
  });

  it("names the fields that differ, and secrets by name only", async () => {
    await api.apply({ resources: { ...whole, models: [gpt(1)] } });
    const { changes } = await api.apply({
      resources: {
        providers: [{ ...openai, credentials: [{ name: "openai-a", apiKey: "sk-second" }] }],
        models: [gpt(2)],
        teams: [{ name: "research" }, { name: "sales" }],
        keys: [{ name: "alice", team: "research", secret: "sk-alice-0987654321", user: "al" }],
      },
    });
    expect(changes.map(({ name, changedFields }) => [name, changedFields])).toEqual([
      ["openai", ["credentials[0].api_key"]],
      ["gpt", ["deployments[0].weight"]],
      ["research", []],
      ["sales", []],
      ["alice", ["user", "secret_hash"]],
    ]);
    expect(changes.every(({ before, after }) => !before && !after)).toBe(true);
  });

  it("shows before and after in a dry run, without secrets", async () => {
    await api.apply({ resources: { ...whole, models: [gpt(1)] } });
    const dry = await api.apply({
      resources: {
        providers: [{ ...openai, credentials: [{ name: "openai-a", apiKey: "sk-second" }] }],
        models: [gpt(2)],
        teams: [{ name: "research" }, { name: "sales" }],
      },
      prune: true,
      dryRun: true,
    });
    const seen = dry.changes.map(({ kind, name, before, after }) => [
      `${kind}/${name}`,
      before?.resource.value?.name,
      after?.resource.value?.name,
    ]);
    expect(seen).toEqual([
      ["provider/openai", "openai", "openai"],
      ["model/gpt", "gpt", "gpt"],
      ["team/research", undefined, undefined],
      ["team/sales", undefined, "sales"],
      ["policy/default", "default", undefined],
      ["key/alice", "alice", undefined],
    ]);
    expect(dry.changes[1]).toMatchObject({
      changedFields: ["deployments[0].weight"],
      before: { resource: { case: "model", value: { deployments: [{ weight: 1 }, {}] } } },
      after: { resource: { case: "model", value: { deployments: [{ weight: 2 }, {}] } } },
    });
    expect(JSON.stringify(dry, noBigints)).not.toMatch(/sk-/);
    expect(dry.transactions).toBe(1);
  });

  it("counts transactions, and makes none where nothing is to be changed", async () => {
    expect((await api.apply({ resources: whole })).transactions).toBe(1);
    const again = await api.apply({ resources: whole });
    expect(again.transactions).toBe(0);
    expect((await api.apply({ resources: manyTeams(126) })).transactions).toBe(2);
  });

  it("refuses more than one transaction when asked to, and then writes nothing", async () => {
    const { revision } = await plane.store.list("/");
    for (const dryRun of [true, false]) {
      await expect(
        api.apply({ resources: manyTeams(126), oneTransaction: true, dryRun }),
      ).rejects.toMatchObject({
        code: Code.FailedPrecondition,
        rawMessage: expect.stringMatching(
          /takes 2 transactions, and one_transaction was asked for/,
        ),
      });
    }
    expect((await plane.store.list("/")).revision).toBe(revision);
    const one = await api.apply({ resources: manyTeams(125), oneTransaction: true });
    expect(one.transactions).toBe(1);
    expect((await plane.store.list("/")).revision).toBe(revision + 1);
  });

  it("shows readers nothing before what it refers to, in however many transactions", async () => {
    const keys = Array.from({ length: 150 }, (_, n) => ({
      name: `k${n}`,
      team: `t${n}`,
      secret: `sk-number-${n}-0000000`,
    }));
    const abort = new AbortController();
    const watch = plane.store.watch("/resources/", { from: 1, signal: abort.signal });
    const seen = new Set<string>();
    const watching = (async () => {
      for await (const { changes } of watch) {
        for (const change of changes) if (change.type === "put") seen.add(change.entry.key);
        for (const key of seen) {
          const name = /^\/resources\/key\/k(\d+)$/.exec(key)?.[1];
          if (name !== undefined) expect(seen).toContain(`/resources/team/t${name}`);
        }
        if (seen.size === 300) abort.abort();
      }
    })();
    await api.apply({ resources: { teams: manyTeams(150).teams, keys } });
    await watching;
    expect(seen.size).toBe(300);
  });

  const manyTeams = (count: number) => ({
    teams: Array.from({ length: count }, (_, n) => ({ name: `t${n}` })),
  });
});

describe("applyFile", () => {
  it("owns what the file names, prunes what it no longer names, and lets the rest alone", async () => {
    await api.createTeam({ team: { name: "by-api" } });
    await api.createTeam({ team: { name: "taken" } });
    await file("a.yaml", "one", "two", "taken");
    expect(await owners()).toEqual({
      "by-api": "",
      one: "file a.yaml",
      two: "file a.yaml",
      taken: "file a.yaml",
    });
    await file("a.yaml", "one");
    expect(await owners()).toEqual({ "by-api": "", one: "file a.yaml" });
  });

  it("releases what another file owned, taking over what it names", async () => {
    await file("a.yaml", "one", "two");
    await file("b.yaml", "two", "three");
    expect(await owners()).toEqual({ one: "", two: "file b.yaml", three: "file b.yaml" });
    await api.deleteTeam({ name: "one" });
  });

  it("gives everything to the API when no file is watched any more", async () => {
    await file("a.yaml", "one", "two");
    await plane.apply.releaseFiles();
    expect(await owners()).toEqual({ one: "", two: "" });
    await api.deleteTeam({ name: "one" });
  });

  it("changes nothing when the file is bad", async () => {
    await file("a.yaml", "one");
    const bad = create(resources.ResourceSetSchema, { teams: [{ name: "two" }, { name: "a b" }] });
    expect(await plane.apply.applyFile("a.yaml", bad)).toMatchObject({
      ok: false,
      reason: "invalid",
      message: expect.stringMatching(/teams\[1\]\.name/),
    });
    expect(await owners()).toEqual({ one: "file a.yaml" });
  });

  it("writes nothing when the file is as it was", async () => {
    const { revision } = await file("a.yaml", "one");
    expect((await file("a.yaml", "one")).revision).toBe(revision);
  });

  async function file(name: string, ...teams: string[]) {
    const set = create(resources.ResourceSetSchema, {
      teams: teams.map((team) => ({ name: team })),
    });
    const result = await plane.apply.applyFile(name, set);
    if (!result.ok) throw applyFailure(result);
    return result;
  }

  async function owners(): Promise<Record<string, string | undefined>> {
    const { teams } = await api.listTeams({});
    return Object.fromEntries(teams.map((team) => [team.name, team.metadata?.managedBy]));
  }
});

function actions({ changes }: admin.ApplyResponse): Record<string, admin.ChangeAction> {
  return Object.fromEntries(changes.map(({ kind, name, action }) => [`${kind}/${name}`, action]));
}

function noBigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}
