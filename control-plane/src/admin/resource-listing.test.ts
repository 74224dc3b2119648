import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { admin, resources } from "@headgate/proto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AdminApi, type AdminClient, storeWith, testAdminApi } from "./admin-api.fixture.ts";

let plane: AdminApi;
let api: AdminClient;
beforeEach(() => {
  plane = testAdminApi();
  api = plane.api;
});
afterEach(() => plane.store.close());

async function applyKeys(count: number, of: (n: number) => object = () => ({})): Promise<void> {
  const keys = Array.from({ length: count }, (_, n) => ({
    name: `k${String(n).padStart(5, "0")}`,
    secretHash: `hmac-sha256:${n.toString(16).padStart(64, "0")}`,
    ...of(n),
  }));
  const teams = [{ name: "research" }, { name: "sales" }];
  await api.apply({ resources: { keys, teams } });
}

const names = (keys: readonly { readonly name: string }[]) => keys.map(({ name }) => name);

/** All pages, and how many there were. */
async function allPages(input: { filter?: string; pageSize?: number }, as = api) {
  const found: string[] = [];
  const revisions = new Set<bigint>();
  let pageToken = "";
  let pages = 0;
  do {
    const page = await as.listKeys({ ...input, pageToken });
    found.push(...names(page.keys));
    revisions.add(page.revision);
    pageToken = page.nextPageToken;
    pages += 1;
  } while (pageToken !== "");
  return { found, pages, revisions };
}

describe("a listing with a filter", () => {
  it.each([
    { filter: 'name = "a*"', found: ["alice", "anna"] },
    { filter: "team = research AND NOT revoked", found: ["alice"] },
    { filter: "revoked", found: ["bob"] },
    { filter: 'team = ""', found: ["zoe"] },
    { filter: "user = al OR user = an", found: ["alice", "anna"] },
    { filter: 'managed_by = "file a.yaml"', found: ["filed"] },
    { filter: 'managed_by = ""', found: ["alice", "anna", "bob", "zoe"] },
    { filter: "name = nobody", found: [] },
  ])("of keys: $filter", async ({ filter, found }) => {
    await api.createTeam({ team: { name: "research" } });
    await api.createTeam({ team: { name: "sales" } });
    await api.createKey({ key: { name: "alice", team: "research", user: "al" } });
    await api.createKey({ key: { name: "anna", team: "sales", user: "an" } });
    await api.createKey({ key: { name: "bob", team: "research" } });
    await api.createKey({ key: { name: "zoe" } });
    await api.revokeKey({ name: "bob" });
    const keys = [{ name: "filed", team: "sales", secret: "sk-filed-1234567890" }];
    await plane.apply.applyFile("a.yaml", create(resources.ResourceSetSchema, { keys }));
    expect(names((await api.listKeys({ filter })).keys)).toEqual(found);
  });

  it("of the other kinds: by what they have", async () => {
    const { OPENAI, OLLAMA } = resources.ProviderType;
    await api.createProvider({
      provider: { name: "a", type: OPENAI, credentials: [{ name: "c", apiKey: "sk-upstream" }] },
    });
    await api.createProvider({
      provider: { name: "b", type: OLLAMA, credentials: [{ name: "d" }] },
    });
    const { WEIGHTED } = resources.Strategy;
    const deployments = [{ provider: "a" }];
    await api.createModel({ model: { name: "m", strategy: WEIGHTED, deployments } });
    await api.createModel({ model: { name: "n", deployments } });
    await api.createTeam({ team: { name: "t" } });
    await api.createPolicy({ policy: {} });
    const { providers } = await api.listProviders({ filter: "type = ollama" });
    expect(names(providers)).toEqual(["b"]);
    expect(names((await api.listModels({ filter: "strategy = weighted" })).models)).toEqual(["m"]);
    expect(names((await api.listModels({ filter: "strategy != weighted" })).models)).toEqual(["n"]);
    expect(names((await api.listTeams({ filter: "name = t" })).teams)).toEqual(["t"]);
    expect((await api.listPolicies({ filter: "name = other" })).policies).toEqual([]);
  });

  it.each([
    {
      filter: "tem = x",
      says: /filter character 1: there is no field "tem" .*did you mean "team"/,
    },
    { filter: "team = ", says: /filter character 8: a value is expected/ },
    { filter: "a".repeat(2000), says: /filter is 2000 characters long: at most 1024/ },
  ])("is refused with the place and what would be right: $filter", async ({ filter, says }) => {
    const error = await api.listKeys({ filter }).catch((reason) => reason);
    expect(error).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(says),
    });
  });

  it("gives every match once, in order, whatever the page size", async () => {
    await applyKeys(60, (n) => ({ user: n % 7 === 0 ? "seven" : "other" }));
    const expected = Array.from({ length: 60 }, (_, n) => n)
      .filter((n) => n % 7 === 0)
      .map((n) => `k${String(n).padStart(5, "0")}`);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), async (pageSize) => {
        const { found, revisions } = await allPages({ filter: "user = seven", pageSize });
        expect(found).toEqual(expected);
        expect(revisions.size).toBe(1);
      }),
      { numRuns: 30 },
    );
  });

  it("shows one revision, though others write while it looks", async () => {
    await applyKeys(1_500);
    let lists = 0;
    const store = storeWith(plane.store, {
      list: async (prefix, options) => {
        lists += 1;
        const page = await plane.store.list(prefix, options);
        if (lists === 1) await api.createKey({ key: { name: "zz-later" } });
        return page;
      },
    });
    const last = await testAdminApi({ store }).api.listKeys({
      filter: "name = k0149* OR name = zz-*",
    });
    expect(names(last.keys)).toEqual(Array.from({ length: 10 }, (_, n) => `k0149${n}`));
    expect(lists).toBe(2);
  });

  it("looks at ten thousand entries a call, and goes on from there", async () => {
    await applyKeys(10_050, (n) => ({ user: n === 3 || n === 10_040 ? "rare" : "" }));
    const { found, pages } = await allPages({ filter: "user = rare" });
    expect(found).toEqual(["k00003", "k10040"]);
    expect(pages).toBe(2);
    const none = await api.listKeys({ filter: "user = nobody" });
    expect(none.keys).toEqual([]);
    expect(none.nextPageToken).not.toBe("");
  }, 60_000);
});

describe("a page token", () => {
  it("belongs to its filter, its kind and its revision", async () => {
    await applyKeys(3);
    await api.createTeam({ team: { name: "t3" } });
    const { nextPageToken: pageToken } = await api.listKeys({ pageSize: 1, filter: "name = k*" });
    const refused = { code: Code.InvalidArgument };
    await expect(api.listKeys({ pageToken })).rejects.toMatchObject(refused);
    await expect(api.listKeys({ pageToken, filter: "name = *" })).rejects.toMatchObject(refused);
    await expect(api.listTeams({ pageToken, filter: "name = k*" })).rejects.toMatchObject(refused);
    await expect(
      api.listKeys({ pageToken, filter: "name = k*", revision: 1n }),
    ).rejects.toMatchObject(refused);
    const { keys } = await api.listKeys({ pageToken, filter: "name = k*", pageSize: 1000 });
    expect(names(keys)).toEqual(["k00001", "k00002"]);
  });

  it.each([
    { name: "no base64", token: "%%%" },
    { name: "no JSON", token: Buffer.from("hello").toString("base64url") },
    { name: "no list", token: Buffer.from("{}").toString("base64url") },
    { name: "three parts", token: Buffer.from('["key",5,"a"]').toString("base64url") },
    { name: "far too long", token: "a".repeat(5000) },
  ])("made up is refused: $name", async ({ token }) => {
    await expect(api.listKeys({ pageToken: token })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  it("of another's rows shows one's own only", async () => {
    await applyKeys(6, (n) => ({ team: n % 2 ? "research" : "sales" }));
    const of = (team: string) => plane.as({ actor: team, role: admin.Role.TEAM, team });
    const { nextPageToken: pageToken } = await of("research").listKeys({ pageSize: 1 });
    const { keys } = await of("sales").listKeys({ pageToken });
    expect(names(keys)).toEqual(["k00002", "k00004"]);
  });
});

describe("a listing of the past", () => {
  it("shows the store as it was", async () => {
    await api.createTeam({ team: { name: "a" } });
    const { revision } = await api.listTeams({});
    await api.createTeam({ team: { name: "b" } });
    await api.deleteTeam({ name: "a" });
    const past = await api.listTeams({ revision });
    expect(names(past.teams)).toEqual(["a"]);
    expect(past.revision).toBe(revision);
    expect(names((await api.listTeams({})).teams)).toEqual(["b"]);
    expect((await api.listTeams({})).revision).toBeGreaterThan(revision);
  });

  it("says when it is no longer kept, and when it is yet to come", async () => {
    await api.createTeam({ team: { name: "a" } });
    const { revision } = await api
      .createTeam({ team: { name: "b" } })
      .then(() => api.listTeams({}));
    await plane.store.compact(Number(revision));
    await expect(api.listTeams({ revision: 1n })).rejects.toMatchObject({
      code: Code.OutOfRange,
      rawMessage: "revision 1 is no longer kept: list again without",
    });
    for (const future of [revision + 100n, 2n ** 60n]) {
      await expect(api.listTeams({ revision: future })).rejects.toMatchObject({
        code: Code.InvalidArgument,
        rawMessage: expect.stringMatching(/in the future/),
      });
    }
  });
});
