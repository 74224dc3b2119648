import { Code } from "@connectrpc/connect";
import { resources } from "@headgate/proto";
import { startEtcd } from "@headgate/testing/servers";
import { expect, it } from "vitest";
import { open } from "../store/etcd/faults.fixture.ts";
import { testAdminApi } from "./admin-api.fixture.ts";

it("keeps to etcd's bounds in large applies, and says when etcd is away", async () => {
  await using etcd = await startEtcd();
  await using opened = open([etcd.clientUrl], { prefix: "/admin", requestTimeoutMs: 5_000 });
  const plane = testAdminApi({ store: opened.store });
  const { api } = plane;

  // As many writes and comparisons as one transaction may have, several times over.
  const keys = Array.from({ length: 1_000 }, (_, n) => ({
    name: `key-${n}`,
    team: `t${n % 50}`,
    secret: `sk-number-${n}-0000000`,
  }));
  const teams = Array.from({ length: 50 }, (_, n) => ({ name: `t${n}` }));
  const made = await api.apply({ resources: { keys, teams } });
  expect(made.transactions).toBeGreaterThan(8);

  // And as many bytes: models of 300 KB each, whose entry would be larger than all of them.
  const models = Array.from({ length: 6 }, (_, n) => ({
    name: `m${n}`,
    deployments: Array.from({ length: 100 }, (_, i) => ({
      provider: "openai",
      model: `${n}-${i}-${"x".repeat(200)}`,
      regions: Array.from({ length: 50 }, (_, r) => `region-${r}-${"y".repeat(45)}`),
    })),
  }));
  const provider = {
    name: "openai",
    type: resources.ProviderType.OPENAI,
    credentials: [{ name: "c", apiKey: "sk-upstream" }],
  };
  const large = await api.apply({ resources: { providers: [provider], models } });
  expect(large.transactions).toBeGreaterThan(1);
  await api.apply({ resources: {}, prune: true });
  const { value } = await opened.store.list("/audit/");
  expect(value).toHaveLength((await plane.entries()).length);

  await etcd.kill();
  for (const call of [() => api.listKeys({}), () => api.createTeam({ team: { name: "t" } })]) {
    await expect(call()).rejects.toMatchObject({ code: Code.Unavailable });
  }
}, 120_000);
