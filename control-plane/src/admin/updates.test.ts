import { Code } from "@connectrpc/connect";
import { resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AdminApi, type AdminClient, testAdminApi } from "./admin-api.fixture.ts";

let plane: AdminApi;
let api: AdminClient;
beforeEach(async () => {
  plane = testAdminApi();
  api = plane.api;
  await api.createProvider({ provider: openai });
  await api.createTeam({ team: { name: "research" } });
  await api.createKey({ key: { name: "alice", team: "research", user: "alice", secret } });
  await api.createPolicy({ policy: { retry: { maxAttempts: 2, budgetPercent: 20 } } });
});
afterEach(() => plane.store.close());

const secret = "sk-alice-1234567890";
const openai = {
  name: "openai",
  type: resources.ProviderType.OPENAI,
  organization: "org",
  credentials: [{ name: "openai-a", apiKey: "sk-upstream" }],
};

async function storedProvider(): Promise<resources.Provider> {
  const { value } = await plane.store.get("/resources/provider/openai");
  if (!value) throw new Error("there is no provider");
  return plane.codec.decode("provider", value).resource;
}

describe("an update with a mask", () => {
  it("changes what it names, at whatever revision it is, and nothing else", async () => {
    const updated = await api.updatePolicy({
      policy: { retry: { maxAttempts: 5 }, timeouts: { idle: { seconds: 1n } } },
      updateMask: { paths: ["retry.max_attempts"] },
    });
    expect(updated).toMatchObject({ retry: { maxAttempts: 5, budgetPercent: 20 } });
    expect(updated.timeouts).toBeUndefined();
    expect(await api.getPolicy({ name: "default" })).toEqual(updated);
  });

  it("keeps secrets that are not given, also of credentials that are", async () => {
    await api.updateProvider({
      provider: { name: "openai", baseUrl: "https://example.com/v1", organization: "other" },
      updateMask: { paths: ["base_url"] },
    });
    expect(await storedProvider()).toMatchObject({
      organization: "org",
      baseUrl: "https://example.com/v1",
      credentials: [{ apiKey: "sk-upstream" }],
    });
    await api.updateProvider({
      provider: {
        name: "openai",
        credentials: [
          { name: "openai-a", weight: 3 },
          { name: "b", apiKey: "sk-b" },
        ],
      },
      updateMask: { paths: ["credentials"] },
    });
    expect((await storedProvider()).credentials).toMatchObject([
      { apiKey: "sk-upstream", weight: 3 },
      { name: "b", apiKey: "sk-b" },
    ]);
  });

  it("of everything needs no revision, keeps the key's secret, and clears the rest", async () => {
    const before = await api.getKey({ name: "alice" });
    const after = await api.updateKey({
      key: { name: "alice", models: ["gpt-*"] },
      updateMask: { paths: ["*"] },
    });
    expect(after).toMatchObject({ team: "", user: "", models: ["gpt-*"] });
    expect(after.secretHash).toBe(before.secretHash);
    expect(after.metadata?.createTime).toEqual(before.metadata?.createTime);
  });

  it("is merged with what others write at the same time: none is lost", async () => {
    const { policy, masks } = {
      policy: { retry: { maxAttempts: 7, budgetPercent: 77 }, timeouts: { idle: { seconds: 7n } } },
      masks: ["retry.max_attempts", "retry.budget_percent", "timeouts.idle"],
    };
    await Promise.all(
      masks.map((path) => api.updatePolicy({ policy, updateMask: { paths: [path] } })),
    );
    expect(await api.getPolicy({ name: "default" })).toMatchObject(policy);
  });

  it("holds to a revision that is given", async () => {
    const { metadata } = await api.getKey({ name: "alice" });
    const updateMask = { paths: ["user"] };
    await api.updateKey({
      key: { name: "alice", user: "al", metadata: metadata as never },
      updateMask,
    });
    await expect(
      api.updateKey({ key: { name: "alice", user: "x", metadata: metadata as never }, updateMask }),
    ).rejects.toMatchObject({ code: Code.Aborted });
  });

  it.each([
    { name: "a path that is none", paths: ["tem"], says: /update_mask tem: .*did you mean "team"/ },
    { name: "a name", paths: ["name"], says: /names never change/ },
    { name: "a secret", paths: ["secret"], says: /RotateKey/ },
    { name: "an end", paths: ["revoke_time"], says: /RevokeKey/ },
    { name: "all and more", paths: ["*", "team"], says: /only path/ },
  ])("refuses $name", async ({ paths, says }) => {
    const error = await api
      .updateKey({ key: { name: "alice", secret: "sk-other-1234567890" }, updateMask: { paths } })
      .catch((reason) => reason);
    expect(error).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(says),
    });
  });

  it("checks what comes of it", async () => {
    await expect(
      api.updateKey({ key: { name: "alice", team: "sales" }, updateMask: { paths: ["team"] } }),
    ).rejects.toMatchObject({ code: Code.FailedPrecondition });
    await expect(
      api.updateProvider({ provider: { name: "openai" }, updateMask: { paths: ["type"] } }),
    ).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("without paths is an update without a mask", async () => {
    await expect(
      api.updateTeam({ team: { name: "research" }, updateMask: { paths: [] } }),
    ).rejects.toThrow(/metadata.revision is required.*update_mask/);
  });
});

describe("a revision given", () => {
  const old = 1n;
  it.each([
    {
      name: "update",
      call: () => api.updateTeam({ team: { name: "research", metadata: { revision: old } } }),
    },
    { name: "delete", call: () => api.deleteKey({ name: "alice", revision: old }) },
    { name: "rotate", call: () => api.rotateKey({ name: "alice", revision: old }) },
    { name: "revoke", call: () => api.revokeKey({ name: "alice", revision: old }) },
    {
      name: "revoke again",
      call: async () => {
        await api.revokeKey({ name: "alice" });
        return api.revokeKey({ name: "alice", revision: old });
      },
    },
    {
      name: "apply",
      call: () =>
        api.apply({ resources: { teams: [{ name: "research", metadata: { revision: old } }] } }),
    },
  ])("that is not the stored one refuses: $name", async ({ call }) => {
    await expect(call()).rejects.toMatchObject({ code: Code.Aborted });
  });

  it("that is the stored one lets through", async () => {
    const revision = async () => (await api.getKey({ name: "alice" })).metadata?.revision ?? 0n;
    await api.rotateKey({ name: "alice", revision: await revision() });
    await api.revokeKey({ name: "alice", revision: await revision() });
    await api.deleteKey({ name: "alice", revision: await revision() });
  });
});

describe("validate_only", () => {
  const validateOnly = true;
  const team = { name: "sales" };
  type Row = { name: string; call: (only: boolean) => Promise<unknown> };
  const rows: Row[] = [
    { name: "createTeam", call: (validateOnly) => api.createTeam({ team, validateOnly }) },
    {
      name: "createModel",
      call: (validateOnly) =>
        api.createModel({
          model: { name: "m", deployments: [{ provider: "openai" }] },
          validateOnly,
        }),
    },
    {
      name: "createKey with a secret",
      call: (validateOnly) =>
        api.createKey({ key: { name: "bob", secret: "sk-bob-12345678901" }, validateOnly }),
    },
    {
      name: "updateKey",
      call: (validateOnly) =>
        api.updateKey({
          key: { name: "alice", user: "al" },
          updateMask: { paths: ["user"] },
          validateOnly,
        }),
    },
    { name: "revokeKey", call: (validateOnly) => api.revokeKey({ name: "alice", validateOnly }) },
    { name: "deleteKey", call: (validateOnly) => api.deleteKey({ name: "alice", validateOnly }) },
    {
      name: "deleteProvider",
      call: (validateOnly) => api.deleteProvider({ name: "openai", validateOnly }),
    },
  ];
  it.each(rows)("answers what $name would, and writes nothing", async ({ call }) => {
    const before = await plane.store.list("/");
    const lines = plane.logLines.length;
    const would = await call(true);
    expect(await plane.store.list("/")).toEqual(before);
    expect(plane.logLines).toHaveLength(lines);
    expect(withoutTimes(would)).toEqual(withoutTimes(await call(false)));
    expect((await plane.store.list("/")).revision).toBeGreaterThan(before.revision);
  });

  it("gives no secret that would be made, nor its hash", async () => {
    const { revision } = await plane.store.list("/");
    const made = await api.createKey({ key: { name: "bob" }, validateOnly });
    expect(made).toMatchObject({ secret: "", key: { name: "bob", secret: "", secretHash: "" } });
    const rotated = await api.rotateKey({ name: "alice", validateOnly });
    expect(rotated).toMatchObject({ secret: "", key: { name: "alice", secretHash: "" } });
    expect((await plane.store.list("/")).revision).toBe(revision);
  });

  it.each([
    {
      name: "taken",
      call: () => api.createTeam({ team: { name: "research" }, validateOnly }),
      code: Code.AlreadyExists,
    },
    {
      name: "invalid",
      call: () => api.createTeam({ team: { name: "a b" }, validateOnly }),
      code: Code.InvalidArgument,
    },
    {
      name: "dangling",
      call: () => api.createKey({ key: { name: "k", team: "x" }, validateOnly }),
      code: Code.FailedPrecondition,
    },
    {
      name: "a secret taken",
      call: () => api.createKey({ key: { name: "k", secret }, validateOnly }),
      code: Code.AlreadyExists,
    },
    {
      name: "in use",
      call: () => api.deleteTeam({ name: "research", validateOnly }),
      code: Code.FailedPrecondition,
    },
    {
      name: "not there",
      call: () => api.rotateKey({ name: "x", validateOnly }),
      code: Code.NotFound,
    },
    {
      name: "another revision",
      call: () => api.revokeKey({ name: "alice", revision: 1n, validateOnly }),
      code: Code.Aborted,
    },
  ])("refuses what is $name", async ({ call, code }) => {
    await expect(call()).rejects.toMatchObject({ code });
  });
});

it("refuses a resource that the store could not hold, and says so", async () => {
  const deployments = Array.from({ length: 1000 }, (_, n) => ({
    provider: "openai",
    model: `${n}`,
    regions: Array.from({ length: 60 }, (_, region) => `region-${n}-${region}-${"x".repeat(10)}`),
  }));
  const error = await api.createModel({ model: { name: "huge", deployments } }).catch((e) => e);
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.rawMessage.slice(0, 500)).toMatch(/model huge takes \d+ bytes|at most/);
});

/** Written later, at another revision. */
function withoutTimes(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, value) =>
      name === "metadata" || name === "revokeTime"
        ? undefined
        : typeof value === "bigint"
          ? `${value}`
          : value,
    ) ?? "null",
  );
}
