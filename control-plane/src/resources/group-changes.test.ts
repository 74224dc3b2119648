import { create } from "@bufbuild/protobuf";
import { createSealer } from "@headgate/config";
import { systemClock } from "@headgate/core";
import { resources } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertTransaction } from "../store/check-arguments.ts";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import { changeRoom, groupChanges } from "./group-changes.ts";
import { ResourceCodec } from "./resource-codec.ts";
import { type ResourceChange, resourceTransaction } from "./resource-transaction.ts";
import { StoreState } from "./store-state.ts";
import { TooLargeError } from "./too-large-error.ts";

const codec = new ResourceCodec(createSealer(new Uint8Array(32)));
const hash = (n: number) => `hmac-sha256:${n.toString(16).padStart(64, "0")}`;

function key(n: number, init: { team?: string; hash?: number } = {}) {
  const { team = "", hash: of = n } = init;
  return create(resources.KeySchema, { name: `k${n}`, team, secretHash: hash(of) });
}

function change(after: ResourceChange["after"], before?: ResourceChange["after"]): ResourceChange {
  const name = (after ?? before)?.name ?? "";
  const stored = before && {
    kind: "key" as const,
    name,
    resource: before as resources.Key,
    revision: 1,
    createRevision: 1,
  };
  return { kind: "key", name, before: stored, after };
}

const team = (name: string, bytes = 0): ResourceChange => ({
  kind: "team",
  name,
  before: undefined,
  after: create(resources.TeamSchema, {
    name,
    metadata: { managedBy: "x".repeat(bytes) },
  }),
});

describe("groupChanges()", () => {
  it.each([
    { name: "nothing", changes: [], groups: [] },
    {
      name: "what is one write each, up to the room",
      changes: Array.from({ length: changeRoom + 1 }, (_, n) => team(`t${n}`)),
      groups: [changeRoom, 1],
    },
    {
      name: "new keys, two writes each",
      changes: Array.from({ length: 63 }, (_, n) => change(key(n))),
      groups: [62, 1],
    },
    {
      name: "keys of one team: it is compared once",
      changes: Array.from({ length: 62 }, (_, n) => change(key(n, { team: "t" }))),
      groups: [62],
    },
    {
      name: "keys that only change: no secret is touched",
      changes: Array.from({ length: 125 }, (_, n) => change(key(n), key(n))),
      groups: [125],
    },
    {
      name: "keys with another secret each: three writes",
      changes: Array.from({ length: 42 }, (_, n) => change(key(n, { hash: n + 1000 }), key(n))),
      groups: [41, 1],
    },
    {
      name: "many bytes",
      changes: ["a", "b", "c"].map((name) => team(name, 400_000)),
      groups: [2, 1],
    },
  ])("makes of $name", ({ changes, groups }) => {
    expect(groupChanges(changes, codec).map((group) => group.length)).toEqual(groups);
  });

  it("refuses what fits no transaction", () => {
    expect(() => groupChanges([team("t", 1024 * 1024)], codec)).toThrow(TooLargeError);
    expect(() => groupChanges([team("t", 1024 * 1024)], codec)).toThrow(/team t takes \d+ bytes/);
  });

  it("makes transactions that every store takes, with all changes, in order", async () => {
    const store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
    const state = await StoreState.whole(store, codec);
    const auditEntry = { type: "put", key: "/audit/x", value: new Uint8Array() } as const;
    const some = fc.oneof(
      fc
        .record({ n: fc.nat(999), team: fc.nat(200) })
        .map(({ n, team: t }) => change(key(n, { team: `t${t}` }))),
      fc.record({ n: fc.nat(999) }).map(({ n }) => change(key(n, { hash: n + 5000 }), key(n))),
      fc.record({ n: fc.nat(999) }).map(({ n }) => change(undefined, key(n))),
      fc.record({ n: fc.nat(999) }).map(({ n }) => team(`t${n}`)),
      fc.record({ n: fc.nat(999), refs: fc.uniqueArray(fc.nat(99), { maxLength: 60 }) }).map(
        ({ n, refs }): ResourceChange => ({
          kind: "model",
          name: `m${n}`,
          before: undefined,
          after: create(resources.ModelSchema, {
            name: `m${n}`,
            deployments: refs.map((provider) => ({ provider: `p${provider}` })),
          }),
        }),
      ),
    );
    const lists = fc.uniqueArray(some, {
      maxLength: 300,
      selector: ({ kind, name }) => `${kind}/${name}`,
      size: "max",
    });
    fc.assert(
      fc.property(lists, (changes) => {
        const groups = groupChanges(changes, codec);
        expect(groups.flat()).toEqual(changes);
        for (const group of groups) {
          assertTransaction(resourceTransaction(group, state, { codec, auditEntry }));
        }
      }),
      { numRuns: 50 },
    );
    await store.close();
  });
});
