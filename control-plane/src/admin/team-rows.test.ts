import { Code, ConnectError } from "@connectrpc/connect";
import { admin, resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AdminApi, type AdminClient, testAdminApi } from "./admin-api.fixture.ts";

let plane: AdminApi;
let api: AdminClient;
let research: AdminClient;
beforeEach(async () => {
  plane = testAdminApi();
  api = plane.api;
  research = plane.as({ actor: "token research", role: admin.Role.TEAM, team: "research" });
  await api.apply({
    resources: {
      providers: [
        {
          name: "openai",
          type: resources.ProviderType.OPENAI,
          credentials: [{ name: "c", apiKey: "sk-upstream" }],
        },
      ],
      models: [{ name: "gpt", deployments: [{ provider: "openai" }] }],
      teams: [{ name: "research" }, { name: "sales" }],
      keys: [
        { name: "ours", team: "research", secret: "sk-ours-1234567890" },
        { name: "theirs", team: "sales", secret: "sk-theirs-1234567890" },
        { name: "nobodys", secret: "sk-nobodys-1234567890" },
      ],
      policy: {},
    },
  });
});
afterEach(() => plane.store.close());

const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);

describe("who manages one team's keys", () => {
  it("sees its keys, its team and the models", async () => {
    expect(names((await research.listKeys({})).keys)).toEqual(["ours"]);
    expect(names((await research.listKeys({ filter: "name = *" })).keys)).toEqual(["ours"]);
    expect(names((await research.listTeams({})).teams)).toEqual(["research"]);
    expect(names((await research.listModels({})).models)).toEqual(["gpt"]);
    expect((await research.getKey({ name: "ours" })).name).toBe("ours");
    expect((await research.getTeam({ name: "research" })).name).toBe("research");
    expect((await research.getModel({ name: "gpt" })).name).toBe("gpt");
    expect((await research.listProviders({})).providers).toEqual([]);
    expect((await research.listPolicies({})).policies).toEqual([]);
  });

  it("manages its keys", async () => {
    const { key, secret } = await research.createKey({ key: { name: "new", team: "research" } });
    expect(secret).toMatch(/^sk-hg-/);
    await research.updateKey({ key: { ...key, user: "zoe" } as resources.Key });
    await research.updateKey({ key: { name: "new", user: "al" }, updateMask: { paths: ["user"] } });
    await research.rotateKey({ name: "new" });
    await research.revokeKey({ name: "new" });
    await research.deleteKey({ name: "new" });
  });

  type Row = { name: string; call: () => Promise<unknown>; code: Code };
  const hidden: Row[] = [
    {
      name: "get another's key",
      call: () => research.getKey({ name: "theirs" }),
      code: Code.NotFound,
    },
    {
      name: "get a key of no team",
      call: () => research.getKey({ name: "nobodys" }),
      code: Code.NotFound,
    },
    {
      name: "get another team",
      call: () => research.getTeam({ name: "sales" }),
      code: Code.NotFound,
    },
    {
      name: "get a provider",
      call: () => research.getProvider({ name: "openai" }),
      code: Code.NotFound,
    },
    {
      name: "get the policy",
      call: () => research.getPolicy({ name: "default" }),
      code: Code.NotFound,
    },
    {
      name: "update another's key",
      call: () =>
        research.updateKey({ key: { name: "theirs", user: "x" }, updateMask: { paths: ["user"] } }),
      code: Code.NotFound,
    },
    {
      name: "take another's key over",
      call: () =>
        research.updateKey({
          key: { name: "theirs", team: "research" },
          updateMask: { paths: ["*"] },
        }),
      code: Code.NotFound,
    },
    {
      name: "rotate another's key",
      call: () => research.rotateKey({ name: "theirs" }),
      code: Code.NotFound,
    },
    {
      name: "revoke another's key",
      call: () => research.revokeKey({ name: "theirs" }),
      code: Code.NotFound,
    },
    {
      name: "delete another's key",
      call: () => research.deleteKey({ name: "theirs" }),
      code: Code.NotFound,
    },
  ];
  const denied: Row[] = [
    {
      name: "make a key of another team",
      call: () => research.createKey({ key: { name: "k", team: "sales" } }),
      code: Code.PermissionDenied,
    },
    {
      name: "make a key of no team",
      call: () => research.createKey({ key: { name: "k" } }),
      code: Code.PermissionDenied,
    },
    {
      name: "only try to",
      call: () => research.createKey({ key: { name: "k", team: "sales" }, validateOnly: true }),
      code: Code.PermissionDenied,
    },
    {
      name: "move a key to another team",
      call: () =>
        research.updateKey({
          key: { name: "ours", team: "sales" },
          updateMask: { paths: ["team"] },
        }),
      code: Code.PermissionDenied,
    },
    {
      name: "take a key out of its team",
      call: () => research.updateKey({ key: { name: "ours" }, updateMask: { paths: ["*"] } }),
      code: Code.PermissionDenied,
    },
    {
      name: "make a team",
      call: () => research.createTeam({ team: { name: "t" } }),
      code: Code.PermissionDenied,
    },
    {
      name: "change its team",
      call: () => research.updateTeam({ team: { name: "research" }, updateMask: { paths: ["*"] } }),
      code: Code.PermissionDenied,
    },
    {
      name: "delete its team",
      call: () => research.deleteTeam({ name: "research" }),
      code: Code.PermissionDenied,
    },
    {
      name: "delete a model",
      call: () => research.deleteModel({ name: "gpt" }),
      code: Code.PermissionDenied,
    },
    {
      name: "apply",
      call: () => research.apply({ resources: {}, prune: true }),
      code: Code.PermissionDenied,
    },
    {
      name: "read the audit log",
      call: () => research.listAuditEntries({}),
      code: Code.PermissionDenied,
    },
    {
      name: "watch the audit log",
      call: async () => {
        for await (const entry of research.watchAuditEntries({})) throw new Error(entry.id);
      },
      code: Code.PermissionDenied,
    },
  ];
  it.each([...hidden, ...denied])(
    "may not $name; nothing is written, and it is recorded",
    async ({ call, code }) => {
      const before = await plane.store.list("/resources/");
      const error = await call().then(
        () => undefined,
        (reason) => reason,
      );
      expect(Code[error?.code ?? 0]).toBe(Code[code]);
      expect((await plane.store.list("/resources/")).value).toEqual(before.value);
      const [entry] = await plane.entries("outcome = denied");
      expect(entry).toMatchObject({ actor: "token research", role: admin.Role.TEAM });
      expect(entry?.message).not.toBe("");
    },
  );

  it.each(hidden)("is told the same of what is not there: $name", async ({ call, code }) => {
    const error = await call().then(() => undefined, ConnectError.from);
    await api.apply({ resources: {}, prune: true });
    const again = await call().then(() => undefined, ConnectError.from);
    expect(again?.code).toBe(code);
    expect(again?.rawMessage).toBe(error?.rawMessage);
  });

  it("does not learn who has a secret", async () => {
    const secret = "sk-theirs-1234567890";
    const error = await research
      .createKey({ key: { name: "k", team: "research", secret } })
      .catch((reason) => reason);
    expect(error.rawMessage).toBe("another key has the same secret: every key needs its own");
  });
});
