import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedFields } from "./changed-fields.ts";

type Model = MessageInitShape<typeof resources.ModelSchema>;
type Provider = MessageInitShape<typeof resources.ProviderSchema>;
type Key = MessageInitShape<typeof resources.KeySchema>;

const provider = (init: Provider) => create(resources.ProviderSchema, init);
const model = (init: Model) => create(resources.ModelSchema, init);
const key = (init: Key) => create(resources.KeySchema, init);

describe("changedFields()", () => {
  type Row = { name: string; before: Model; after: Model; paths: string[] };
  const rows: Row[] = [
    { name: "nothing", before: { name: "m" }, after: { name: "m" }, paths: [] },
    {
      name: "a field of one of a list",
      before: { deployments: [{ provider: "p", weight: 1 }, { provider: "q" }] },
      after: { deployments: [{ provider: "p", weight: 2 }, { provider: "q" }] },
      paths: ["deployments[0].weight"],
    },
    {
      name: "a field that is absent, and a zero",
      before: { deployments: [{ provider: "p" }] },
      after: { deployments: [{ provider: "p", weight: 0 }] },
      paths: ["deployments[0].weight"],
    },
    {
      name: "a field within a message of one of a list",
      before: { deployments: [{ price: { inputPerMtok: 1, outputPerMtok: 2 } }] },
      after: { deployments: [{ price: { inputPerMtok: 1, outputPerMtok: 3 } }] },
      paths: ["deployments[0].price.output_per_mtok"],
    },
    {
      name: "a message that is new",
      before: { deployments: [{}] },
      after: { deployments: [{ price: {} }], optimize: { cost: 1 } },
      paths: ["deployments[0].price", "optimize"],
    },
    {
      name: "one more in a list, and one less",
      before: { deployments: [{ provider: "p" }] },
      after: { deployments: [{ provider: "p" }, { provider: "q" }] },
      paths: ["deployments[1]"],
    },
    {
      name: "a list of words, as a whole",
      before: { fallbacks: ["a", "b"], deployments: [{ regions: ["eu"] }] },
      after: { fallbacks: ["b", "a"], deployments: [{ regions: ["eu", "us"] }] },
      paths: ["deployments[0].regions", "fallbacks"],
    },
    {
      name: "an enum and a flag",
      before: { strategy: resources.Strategy.COST },
      after: { strategy: resources.Strategy.SMART, exactTokens: true },
      paths: ["strategy", "exact_tokens"],
    },
    {
      name: "the owner, but not when it was written",
      before: { metadata: { revision: 1n, updateTime: { seconds: 1n } } },
      after: { metadata: { revision: 2n, updateTime: { seconds: 2n }, managedBy: "file a" } },
      paths: ["metadata.managed_by"],
    },
  ];
  it.each(rows)("tells of $name", ({ before, after, paths }) => {
    expect(changedFields("model", model(before), model(after))).toEqual(paths);
    expect(changedFields("model", model(after), model(before))).toEqual(paths);
  });

  it("names secrets, and shows none", () => {
    const before = provider({ name: "p", credentials: [{ name: "c", apiKey: "sk-old" }] });
    const after = provider({ name: "p", credentials: [{ name: "c", apiKey: "sk-new" }] });
    expect(changedFields("provider", before, after)).toEqual(["credentials[0].api_key"]);
    const hash = (digit: string) => key({ secretHash: `hmac-sha256:${digit.repeat(64)}` });
    expect(changedFields("key", hash("a"), hash("b"))).toEqual(["secret_hash"]);
  });

  it("tells which amount of a limit it is, and times as a whole", () => {
    const before = key({ limits: [{ amount: { case: "requests", value: 1n } }] });
    const after = key({
      limits: [{ amount: { case: "tokens", value: 1n } }],
      revokeTime: { seconds: 5n },
    });
    expect(changedFields("key", before, after)).toEqual([
      "limits[0].requests",
      "limits[0].tokens",
      "revoke_time",
    ]);
    const later = key({ ...after, revokeTime: { seconds: 6n } as never });
    expect(changedFields("key", after, later)).toEqual(["revoke_time"]);
  });

  it("names whole fields when there would be more than a hundred paths", () => {
    const many = (weight: 1 | 2) =>
      model({ strategy: weight, deployments: Array.from({ length: 101 }, () => ({ weight })) });
    expect(changedFields("model", many(1), many(2))).toEqual(["strategy", "deployments"]);
  });

  it("is empty exactly when nothing differs", () => {
    fc.assert(
      fc.property(models, models, (a, b) => {
        const [left, right] = [model(a), model(b)];
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(changedFields("model", left, right).length === 0).toBe(same);
        expect(changedFields("model", left, clone(resources.ModelSchema, left))).toEqual([]);
      }),
    );
  });
});

const models = fc.record({
  name: fc.constantFrom("a", "b"),
  fallbacks: fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }),
  deployments: fc.array(
    fc.record({
      provider: fc.constantFrom("p", "q"),
      priority: fc.nat({ max: 1 }),
      regions: fc.array(fc.constantFrom("eu", "us"), { maxLength: 1 }),
    }),
    { maxLength: 2 },
  ),
});
