import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { systemClock } from "@headgate/core";
import { resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";
import { type AdminApi, type AdminClient, storeWith, testAdminApi } from "./admin-api.fixture.ts";

// One caller has decided what to write; before it writes, another one writes.
let plane: AdminApi;
let api: AdminClient;
let meanwhile: (() => Promise<unknown>) | undefined;
beforeEach(async () => {
  const store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
  plane = testAdminApi({ store: interruptible(store) });
  api = plane.api;
  await api.createProvider({ provider: provider("p") });
  await api.createTeam({ team: { name: "t" } });
  await api.createKey({ key: { name: "k", secret: "sk-first-1234567890" } });
});
afterEach(() => plane.store.close());

describe("a write that is overtaken", () => {
  type Row = {
    name: string;
    first: () => Promise<unknown>;
    overtakenBy: () => Promise<unknown>;
    code: Code | undefined;
  };
  const rows: Row[] = [
    {
      name: "a delete of a provider, by a model that refers to it",
      first: () => api.deleteProvider({ name: "p" }),
      overtakenBy: () => api.createModel({ model: model("m", "p") }),
      code: Code.FailedPrecondition,
    },
    {
      name: "a delete of a team, by a key that joins it",
      first: () => api.deleteTeam({ name: "t" }),
      overtakenBy: () => api.apply({ resources: { keys: [{ name: "k", team: "t" }] } }),
      code: Code.FailedPrecondition,
    },
    {
      name: "a model, by the delete of its provider",
      first: () => api.createModel({ model: model("m", "p") }),
      overtakenBy: () => api.deleteProvider({ name: "p" }),
      code: Code.FailedPrecondition,
    },
    {
      name: "a model, by an update of its provider",
      first: () => api.createModel({ model: model("m", "p") }),
      overtakenBy: async () =>
        api.updateProvider({ provider: await api.getProvider({ name: "p" }) }),
      code: undefined,
    },
    {
      name: "a prune, by a model that refers to what it prunes",
      first: () => api.apply({ resources: { teams: [{ name: "t" }] }, prune: true }),
      overtakenBy: () => api.createModel({ model: model("m", "p") }),
      code: undefined,
    },
    {
      name: "an apply, by an update of what it writes",
      first: () => api.apply({ resources: { keys: [{ name: "k", user: "first" }] } }),
      overtakenBy: () =>
        api.updateKey({ key: { name: "k", user: "other" }, updateMask: { paths: ["user"] } }),
      code: undefined,
    },
    {
      name: "a create, by another of that name",
      first: () => api.createTeam({ team: { name: "u" } }),
      overtakenBy: () => api.createTeam({ team: { name: "u" } }),
      code: Code.AlreadyExists,
    },
    {
      name: "an update, by another",
      first: async () => api.updateTeam({ team: await api.getTeam({ name: "t" }) }),
      overtakenBy: async () => api.updateTeam({ team: await api.getTeam({ name: "t" }) }),
      code: Code.Aborted,
    },
    {
      name: "a key, by another with its secret",
      first: () => api.createKey({ key: { name: "k2", secret: "sk-second-123456789" } }),
      overtakenBy: () => api.createKey({ key: { name: "k3", secret: "sk-second-123456789" } }),
      code: Code.AlreadyExists,
    },
    {
      name: "a provider, by another with a credential of that name",
      first: () => api.createProvider({ provider: provider("p2", "shared") }),
      overtakenBy: () => api.createProvider({ provider: provider("p3", "shared") }),
      code: Code.FailedPrecondition,
    },
    {
      name: "a rotation, by a revocation",
      first: () => api.rotateKey({ name: "k" }),
      overtakenBy: () => api.revokeKey({ name: "k" }),
      code: Code.FailedPrecondition,
    },
  ];
  it.each(rows)("is decided anew: $name", async ({ first, overtakenBy, code }) => {
    meanwhile = overtakenBy;
    const error = await first().then(
      () => undefined,
      (reason) => reason,
    );
    expect(meanwhile).toBeUndefined();
    expect(error?.code).toBe(code);
    const { models } = await api.listModels({});
    const { providers } = await api.listProviders({});
    const names = new Set(providers.map(({ name }) => name));
    for (const one of models) expect(names).toContain(one.deployments[0]?.provider);
  });
});

function interruptible(store: Store): Store {
  return storeWith(store, {
    transact: async (transaction) => {
      const interruption = meanwhile;
      meanwhile = undefined;
      await interruption?.();
      return store.transact(transaction);
    },
  });
}

function provider(name: string, credential = `${name}-a`): resources.Provider {
  return create(resources.ProviderSchema, {
    name,
    type: resources.ProviderType.OPENAI,
    credentials: [{ name: credential, apiKey: "sk-upstream" }],
  });
}

function model(name: string, target: string): resources.Model {
  return create(resources.ModelSchema, { name, deployments: [{ provider: target }] });
}
