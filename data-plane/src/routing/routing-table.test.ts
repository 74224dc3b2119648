import { create, type JsonValue } from "@bufbuild/protobuf";
import { seededRandom, systemClock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { snapshotOf } from "../http/proxy-fixture.ts";
import { RoutingTable } from "./routing-table.ts";

const type = "PROVIDER_TYPE_OPENAI_COMPATIBLE";
const providers = [
  {
    name: "p",
    type,
    baseUrl: "http://p.test/api/v1/",
    credentials: [
      { name: "a", apiKey: "sk-a", weight: 3 },
      { name: "b", weight: 0 },
    ],
  },
  { name: "open", type, baseUrl: "http://open.test:8000/v1" },
];

describe("RoutingTable", () => {
  it("expands a model into deployments by credential, region, weight and priority", () => {
    const table = tableOf({
      providers,
      models: [
        {
          name: "m",
          deployments: [
            { provider: "open", model: "up/stream", priority: 5, regions: ["here", "there"] },
            { provider: "p", weight: 2 },
            { provider: "p", model: "far", regions: ["there"] },
          ],
        },
      ],
    });
    const tiers = table.models.get("m")?.tiers ?? [];
    expect(tiers.map((tier) => tier.map(({ id, weight }) => [id, weight]))).toEqual([
      [["p/a/m", 6]],
      [["open/-/up/stream", 1]],
    ]);
    expect(tiers[0]?.[0]).toMatchObject({
      origin: "http://p.test",
      target: { basePath: "/api/v1" },
    });
    expect(tiers[0]?.[0]?.headers.plain).toContain("Bearer sk-a");
    expect(tiers[1]?.[0]?.headers.plain).not.toContain("authorization");
  });

  it.each([
    {
      name: "Azure's version, unless given",
      provider: { type: "PROVIDER_TYPE_AZURE", baseUrl: "https://a.test/openai" },
      target: { basePath: "", apiVersion: "2024-10-21" },
    },
    {
      name: "Azure's v1 routes, which the URL asks for",
      provider: { type: "PROVIDER_TYPE_AZURE", baseUrl: "https://a.test/openai/v1" },
      target: { basePath: "", apiVersion: "v1" },
    },
    {
      name: "a project and a location, which the URL tells",
      provider: {
        type: "PROVIDER_TYPE_VERTEX",
        baseUrl: "https://v.test/v1/projects/p-1/locations/eu",
      },
      target: { basePath: "/v1", project: "p-1", location: "eu" },
    },
  ])("knows $name", ({ provider, target }) => {
    const table = tableOf({
      providers: [{ name: "p", ...provider }],
      models: [{ name: "m", deployments: [{ provider: "p" }] }],
    });
    expect(table.models.get("m")?.tiers[0]?.[0]).toMatchObject({ target });
  });

  it("forgets a key's old secret when it is rotated, revoked or removed, also one in use", () => {
    const first = "sk-hg-first-0123456789";
    const second = "sk-hg-second-012345678";
    const table = tableOf({ keys: [{ name: "k", secret: first }] });
    expect(table.key(first)).toMatchObject({ name: "k", revoked: false });
    table.apply(deltaOf({ keys: [{ name: "k", secret: second }] }));
    expect([table.key(first), table.key(second)?.name]).toEqual([undefined, "k"]);
    const revokeTime = "2026-01-01T00:00:00Z";
    table.apply(deltaOf({ keys: [{ name: "k", secret: second, revokeTime }] }));
    expect(table.key(second)?.revoked).toBe(true);
    const removed = [{ kind: "key", name: "k" }];
    table.apply(create(discovery.StreamSnapshotsResponseSchema, { fromVersion: 1n, removed }));
    expect(table.key(second)).toBeUndefined();
  });

  it("says when there may be other deployments, and not for a key", () => {
    const table = tableOf({ providers });
    expect(table.apply(deltaOf({ keys: [{ name: "k" }] })).routesChanged).toBe(false);
    const models = [{ name: "m", deployments: [{ provider: "open" }] }];
    expect(table.apply(deltaOf({ models })).routesChanged).toBe(true);
    expect(table.models.size).toBe(1);
    expect(table.apply(snapshotOf({ keys: [{ name: "k" }] })).routesChanged).toBe(true);
    expect(table.models.size).toBe(0);
  });
});

function tableOf(resources: JsonValue): RoutingTable {
  const table = new RoutingTable({ region: "here", random: seededRandom(1), clock: systemClock });
  table.apply(snapshotOf(resources));
  return table;
}

/** The same resources as a change to what is there. */
function deltaOf(resources: { readonly [name: string]: JsonValue }) {
  const delta = snapshotOf({ ...resources });
  delta.fromVersion = 1n;
  // Without keys of its own the fixture adds one; a delta has only what it names.
  if (!("keys" in resources)) {
    delta.upserts = delta.upserts.filter(({ resource }) => resource.case !== "key");
  }
  return delta;
}
