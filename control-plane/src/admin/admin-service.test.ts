import { create } from "@bufbuild/protobuf";
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { admin, resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  adminToken,
  type TestControlPlane,
  testControlPlane,
  testSealer,
} from "../testing/test-control-plane.ts";

let plane: TestControlPlane;
beforeEach(async () => {
  plane = await testControlPlane();
});
afterEach(() => plane[Symbol.asyncDispose]());

type AdminClient = Client<typeof admin.AdminService>;

const transports: { name: string; connect: (token?: string) => Transport }[] = [
  {
    name: "gRPC over HTTP/2",
    connect: (token) =>
      createGrpcTransport({ baseUrl: plane.grpcAddress?.url ?? "", interceptors: [bearer(token)] }),
  },
  {
    name: "Connect over HTTP/2",
    connect: (token) =>
      createConnectTransport({
        baseUrl: plane.grpcAddress?.url ?? "",
        httpVersion: "2",
        interceptors: [bearer(token)],
      }),
  },
  {
    name: "Connect over HTTP/1.1",
    connect: (token) =>
      createConnectTransport({
        baseUrl: plane.adminAddress?.url ?? "",
        httpVersion: "1.1",
        interceptors: [bearer(token)],
      }),
  },
  {
    name: "JSON over HTTP/1.1",
    connect: (token) =>
      createConnectTransport({
        baseUrl: plane.adminAddress?.url ?? "",
        httpVersion: "1.1",
        useBinaryFormat: false,
        interceptors: [bearer(token)],
      }),
  },
];

function bearer(token: string | undefined): Interceptor {
  return (next) => (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

function client(): AdminClient {
  return createClient(admin.AdminService, plane.transport);
}

function provider(name: string, apiKey = "sk-upstream"): resources.Provider {
  return create(resources.ProviderSchema, {
    name,
    type: resources.ProviderType.OPENAI,
    credentials: [{ name: `${name}-a`, apiKey }],
  });
}

function model(name: string, ...providers: string[]): resources.Model {
  return create(resources.ModelSchema, {
    name,
    deployments: providers.map((one) => ({ provider: one, model: "gpt-4o" })),
  });
}

describe.each(transports)("AdminService by $name", ({ connect }) => {
  it("creates, gets, lists, updates and deletes every kind", async () => {
    const api = createClient(admin.AdminService, connect(adminToken));
    const made = await api.createProvider({ provider: provider("openai") });
    expect(made.metadata?.revision).toBeGreaterThan(0n);
    const p = await api.getProvider({ name: "openai" });
    expect(p).toEqual(made);
    const m = await api.createModel({ model: model("org/gpt:4o", "openai") });
    const t = await api.createTeam({ team: { name: "research" } });
    const { key, secret } = await api.createKey({ key: { name: "alice", team: "research" } });
    const y = await api.createPolicy({ policy: { retry: { maxAttempts: 2 } } });
    expect(secret).toMatch(/^sk-hg-[0-9A-Za-z]{32}$/);
    expect(y.name).toBe("default");

    expect(
      await api.updateProvider({ provider: { ...p, baseUrl: "https://example.com/v1" } }),
    ).toMatchObject({ baseUrl: "https://example.com/v1" });
    expect(
      (await api.updateModel({ model: { ...m, strategy: resources.Strategy.WEIGHTED } })).strategy,
    ).toBe(resources.Strategy.WEIGHTED);
    expect((await api.updateTeam({ team: t })).name).toBe("research");
    expect((await api.updateKey({ key: { ...key, user: "alice" } as resources.Key })).user).toBe(
      "alice",
    );
    expect(
      (
        await api.updatePolicy({
          policy: { ...y, retry: create(resources.RetrySchema, { maxAttempts: 4 }) },
        })
      ).retry?.maxAttempts,
    ).toBe(4);

    expect((await api.listProviders({})).providers.map((one) => one.name)).toEqual(["openai"]);
    expect((await api.listModels({})).models.map((one) => one.name)).toEqual(["org/gpt:4o"]);
    expect((await api.listTeams({})).teams.map((one) => one.name)).toEqual(["research"]);
    expect((await api.listKeys({})).keys.map((one) => one.name)).toEqual(["alice"]);
    expect((await api.listPolicies({})).policies.map((one) => one.name)).toEqual(["default"]);

    await api.deleteKey({ name: "alice" });
    await api.deleteModel({ name: "org/gpt:4o" });
    await api.deleteProvider({ name: "openai" });
    await api.deleteTeam({ name: "research" });
    await api.deletePolicy({ name: "default" });
    await expect(api.getModel({ name: "org/gpt:4o" })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });

  it.each([
    { token: undefined, name: "no token" },
    { token: "wrong", name: "a wrong token" },
    { token: `${adminToken}x`, name: "a longer token" },
  ])("refuses every call with $name", async ({ token }) => {
    const api = createClient(admin.AdminService, connect(token));
    await expect(api.listKeys({})).rejects.toMatchObject({ code: Code.Unauthenticated });
    await expect(api.createTeam({ team: { name: "t" } })).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
    expect((await client().listTeams({})).teams).toEqual([]);
  });
});

describe("AdminService errors", () => {
  type Row = {
    name: string;
    call: (api: AdminClient) => Promise<unknown>;
    code: Code;
    says: RegExp;
  };
  const rows: Row[] = [
    {
      name: "no resource",
      call: (a) => a.createTeam({}),
      code: Code.InvalidArgument,
      says: /team is required/,
    },
    {
      name: "an empty name",
      call: (a) => a.createTeam({ team: {} }),
      code: Code.InvalidArgument,
      says: /name/,
    },
    {
      name: "a bad name",
      call: (a) => a.createTeam({ team: { name: "a b" } }),
      code: Code.InvalidArgument,
      says: /name/,
    },
    {
      name: "several problems",
      call: (a) => a.createProvider({ provider: { name: "x y" } }),
      code: Code.InvalidArgument,
      says: /name.*\n(.*\n)*type/,
    },
    {
      name: "a file to read here",
      call: (a) =>
        a.createProvider({
          provider: {
            name: "p9",
            type: resources.ProviderType.OPENAI,
            credentials: [{ name: "c", apiKeyFile: "/etc/passwd" }],
          },
        }),
      code: Code.InvalidArgument,
      says: /api_key_file/,
    },
    {
      name: "a name taken",
      call: (a) => a.createTeam({ team: { name: "t" } }),
      code: Code.AlreadyExists,
      says: /team t exists/,
    },
    {
      name: "a credential name taken",
      call: (a) =>
        a.createProvider({
          provider: {
            name: "p2",
            type: resources.ProviderType.OPENAI,
            credentials: [{ name: "p-a", apiKey: "sk-upstream" }],
          },
        }),
      code: Code.FailedPrecondition,
      says: /p-a/,
    },
    {
      name: "a secret taken",
      call: (a) => a.createKey({ key: { name: "k2", secret: "sk-test-1234567890" } }),
      code: Code.AlreadyExists,
      says: /key k has the same secret/,
    },
    {
      name: "a short secret",
      call: (a) => a.createKey({ key: { name: "k2", secret: "short" } }),
      code: Code.InvalidArgument,
      says: /16/,
    },
    {
      name: "an unknown provider",
      call: (a) => a.createModel({ model: model("m2", "q") }),
      code: Code.FailedPrecondition,
      says: /model m2 .*no provider "q"/,
    },
    {
      name: "an unknown team",
      call: (a) => a.createKey({ key: { name: "k2", team: "tt" } }),
      code: Code.FailedPrecondition,
      says: /no team "tt"/,
    },
    {
      name: "a get of nothing",
      call: (a) => a.getTeam({ name: "u" }),
      code: Code.NotFound,
      says: /team u does not exist/,
    },
    {
      name: "a get without a name",
      call: (a) => a.getTeam({}),
      code: Code.InvalidArgument,
      says: /name is required/,
    },
    {
      name: "an update of nothing",
      call: (a) => a.updateTeam({ team: { name: "u", metadata: { revision: 1n } } }),
      code: Code.NotFound,
      says: /team u/,
    },
    {
      name: "an update without revision",
      call: (a) => a.updateTeam({ team: { name: "t" } }),
      code: Code.InvalidArgument,
      says: /metadata.revision is required/,
    },
    {
      name: "an update of an old revision",
      call: (a) => a.updateTeam({ team: { name: "t", metadata: { revision: 1n } } }),
      code: Code.Aborted,
      says: /is at revision \d+, not 1/,
    },
    {
      name: "an update of a secret",
      call: async (a) =>
        a.updateKey({
          key: {
            ...(await a.getKey({ name: "k" })),
            secret: "sk-another-123456789",
            secretHash: "",
          },
        }),
      code: Code.InvalidArgument,
      says: /RotateKey/,
    },
    {
      name: "a delete of nothing",
      call: (a) => a.deleteTeam({ name: "u" }),
      code: Code.NotFound,
      says: /team u/,
    },
    {
      name: "a delete of an old revision",
      call: (a) => a.deleteKey({ name: "k", revision: 1n }),
      code: Code.Aborted,
      says: /revision/,
    },
    {
      name: "a delete of a provider in use",
      call: (a) => a.deleteProvider({ name: "p" }),
      code: Code.FailedPrecondition,
      says: /provider p is still referred to by model m/,
    },
    {
      name: "a delete of a team in use",
      call: (a) => a.deleteTeam({ name: "t" }),
      code: Code.FailedPrecondition,
      says: /team t is still referred to by key k/,
    },
    {
      name: "a rotation of an old revision",
      call: (a) => a.rotateKey({ name: "k", revision: 1n }),
      code: Code.Aborted,
      says: /revision/,
    },
    {
      name: "a rotation of a revoked key",
      call: async (a) => {
        await a.revokeKey({ name: "k" });
        return a.rotateKey({ name: "k" });
      },
      code: Code.FailedPrecondition,
      says: /revoked for ever/,
    },
    {
      name: "a page too large",
      call: (a) => a.listKeys({ pageSize: 1001 }),
      code: Code.InvalidArgument,
      says: /at most 1000/,
    },
    {
      name: "a page token made up",
      call: (a) => a.listKeys({ pageToken: "hello" }),
      code: Code.InvalidArgument,
      says: /page_token/,
    },
    {
      name: "a page token from the future",
      call: (a) =>
        a.listKeys({ pageToken: Buffer.from('["key",99999999,"a"]').toString("base64url") }),
      code: Code.InvalidArgument,
      says: /list again/,
    },
    {
      name: "a limit, not honoured yet",
      call: (a) =>
        a.createTeam({
          team: { name: "u", limits: [{ amount: { case: "requests", value: 1n } }] },
        }),
      code: Code.InvalidArgument,
      says: /not honoured yet/,
    },
    {
      name: "an apply with a repeated name",
      call: (a) => a.apply({ resources: { teams: [{ name: "u" }, { name: "u" }] } }),
      code: Code.InvalidArgument,
      says: /teams\[1\].*twice/,
    },
    {
      name: "an apply of a key without secret",
      call: (a) => a.apply({ resources: { keys: [{ name: "u" }] } }),
      code: Code.InvalidArgument,
      says: /keys\[0\]\.secret/,
    },
    {
      name: "an apply of a dangling model",
      call: (a) => a.apply({ resources: { models: [model("m2", "q")] } }),
      code: Code.FailedPrecondition,
      says: /model m2 .*"q"/,
    },
    {
      name: "an apply that prunes what is in use",
      call: (a) => a.apply({ prune: true, resources: { models: [model("m", "p")] } }),
      code: Code.FailedPrecondition,
      says: /no provider "p"/,
    },
    {
      name: "an apply of one secret twice",
      call: (a) => a.apply({ resources: { keys: [{ name: "u", secret: "sk-test-1234567890" }] } }),
      code: Code.InvalidArgument,
      says: /k and u have the same secret/,
    },
    {
      name: "an apply on an old revision",
      call: (a) => a.apply({ resources: { teams: [{ name: "t", metadata: { revision: 1n } }] } }),
      code: Code.Aborted,
      says: /team\/t is not at the revision given/,
    },
    {
      name: "an edit of what a file manages",
      call: async (a) => {
        await byFile();
        return a.updateTeam({ team: await a.getTeam({ name: "filed" }) });
      },
      code: Code.FailedPrecondition,
      says: /managed by file a.yaml/,
    },
    {
      name: "a delete of what a file manages",
      call: async (a) => {
        await byFile();
        return a.deleteTeam({ name: "filed" });
      },
      code: Code.FailedPrecondition,
      says: /managed by file a.yaml/,
    },
    {
      name: "an apply to what a file manages",
      call: async (a) => {
        await byFile();
        return a.apply({
          resources: { keys: [{ name: "filed-key", secret: "sk-changed-12345678" }] },
        });
      },
      code: Code.FailedPrecondition,
      says: /managed by file a.yaml/,
    },
  ];
  it.each(rows)("answers $name", async ({ call, code, says }) => {
    const api = client();
    await api.createProvider({ provider: provider("p") });
    await api.createModel({ model: model("m", "p") });
    await api.createTeam({ team: { name: "t" } });
    await api.createKey({ key: { name: "k", team: "t", secret: "sk-test-1234567890" } });
    const error = await call(api).then(() => undefined, ConnectError.from);
    expect(error?.message).toMatch(says);
    expect(Code[error?.code ?? 0]).toBe(Code[code]);
  });

  function byFile() {
    return plane.applyFile({
      file: "a.yaml",
      resources: create(resources.ResourceSetSchema, {
        teams: [{ name: "filed" }],
        keys: [{ name: "filed-key", secret: "sk-filed-1234567890" }],
      }),
    });
  }
});

describe("AdminService", () => {
  it("never returns a secret, and keeps the stored one through an update without it", async () => {
    const api = client();
    await api.createProvider({ provider: provider("p", "sk-very-secret") });
    const { key, secret } = await api.createKey({
      key: { name: "k", secret: "sk-mine-1234567890" },
    });
    expect(secret).toBe("");
    const read = await api.getProvider({ name: "p" });
    await api.updateProvider({ provider: { ...read, baseUrl: "https://example.com/v1" } });
    await api.apply({ resources: { providers: [await api.getProvider({ name: "p" })] } });
    const seen = [key, read, await api.listProviders({}), await api.listKeys({}), plane.logLines];
    expect(JSON.stringify(seen, (_, v) => (typeof v === "bigint" ? `${v}` : v))).not.toMatch(
      /very-secret|sk-mine/,
    );
    const stored = await plane.store.list("/resources/provider/");
    const bytes = testSealer.open(
      stored.value[0]?.value ?? new Uint8Array(),
      "/resources/provider/p",
    );
    expect(Buffer.from(bytes).includes("sk-very-secret")).toBe(true);
  });

  it("seals what it stores", async () => {
    await client().createProvider({ provider: provider("p", "sk-very-secret") });
    const { value } = await plane.store.list("/");
    expect(value.some((entry) => Buffer.from(entry.value).includes("sk-very-secret"))).toBe(false);
  });

  it("gives a rotated key another hash, frees the old secret, and keeps its record when revoked", async () => {
    const api = client();
    const first = await api.createKey({ key: { name: "k", secret: "sk-mine-1234567890" } });
    const { key, secret } = await api.rotateKey({ name: "k" });
    expect(secret).toMatch(/^sk-hg-/);
    expect(key?.secretHash).not.toBe(first.key?.secretHash);
    await api.createKey({ key: { name: "k2", secret: "sk-mine-1234567890" } });
    const revoked = await api.revokeKey({ name: "k" });
    expect(revoked.revokeTime).toBeDefined();
    expect(await api.revokeKey({ name: "k" })).toEqual(revoked);
    const updated = await api.updateKey({ key: { ...revoked, revokeTime: undefined as never } });
    expect(updated.revokeTime).toEqual(revoked.revokeTime);
  });

  it("shows one revision of the store on all pages of a listing", async () => {
    const api = client();
    for (const n of [1, 2, 3, 4, 5]) await api.createTeam({ team: { name: `t${n}` } });
    const first = await api.listTeams({ pageSize: 2 });
    await api.deleteTeam({ name: "t4" });
    await api.createTeam({ team: { name: "t33" } });
    const second = await api.listTeams({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await api.listTeams({ pageSize: 2, pageToken: second.nextPageToken });
    const names = [first, second, third].map((page) => page.teams.map(({ name }) => name));
    expect(names).toEqual([["t1", "t2"], ["t3", "t4"], ["t5"]]);
    expect(third.nextPageToken).toBe("");
    await expect(api.listKeys({ pageToken: first.nextPageToken })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
    await plane.store.compact((await plane.store.get("/x")).revision);
    await expect(api.listTeams({ pageSize: 2, pageToken: first.nextPageToken })).rejects.toThrow(
      /expired: list again/,
    );
  });

  it("lets exactly one of two concurrent updates of one revision through", async () => {
    const api = client();
    const team = await api.createTeam({ team: { name: "t" } });
    const results = await Promise.allSettled([1, 2, 3].map(() => api.updateTeam({ team })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("never leaves a reference dangling, whoever wins the race", async () => {
    const api = client();
    for (let round = 0; round < 20; round++) {
      await api.createProvider({ provider: provider(`p${round}`) });
      await Promise.allSettled([
        api.createModel({ model: model(`m${round}`, `p${round}`) }),
        api.deleteProvider({ name: `p${round}` }),
      ]);
    }
    const providers = new Set((await api.listProviders({})).providers.map(({ name }) => name));
    const { models } = await api.listModels({});
    expect(models.filter((one) => !providers.has(one.deployments[0]?.provider ?? ""))).toEqual([]);
  });

  it("never gives one secret to two keys, whoever wins the race", async () => {
    const api = client();
    const names = ["a", "b", "c"];
    const results = await Promise.allSettled(
      names.map((name) => api.createKey({ key: { name, secret: "sk-same-1234567890" } })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("writes one log line per write, and none for reads", async () => {
    const api = createClient(
      admin.AdminService,
      transports[0]?.connect(adminToken) ?? plane.transport,
    );
    const team = await api.createTeam({ team: { name: "t" } });
    await api.getTeam({ name: "t" });
    await api.deleteTeam({ name: "t" });
    const writes = plane.logLines
      .map((line) => JSON.parse(line))
      .filter((line) => line.event === "admin_write");
    expect(writes).toMatchObject([
      {
        who: "root",
        address: "127.0.0.1",
        protocol: "grpc",
        method: "CreateTeam",
        kind: "team",
        name: "t",
        revision: Number(team.metadata?.revision),
      },
      { who: "root", method: "DeleteTeam", kind: "team", name: "t" },
    ]);
  });

  it("counts calls by method and code", async () => {
    await client()
      .getTeam({ name: "x" })
      .catch(() => undefined);
    expect(await plane.metricsText()).toContain(
      'headgate_admin_requests_total{method="GetTeam",code="NotFound"} 1',
    );
  });
});
