import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { resourceHash } from "@headgate/core";
import { discovery } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeState, key, model, provider, settings, team } from "./__fixtures__/deltas.ts";
import { applyDelta } from "./apply-delta.ts";
import { emptySnapshot, fullDelta, identify, type Snapshot } from "./snapshot.ts";

describe("applyDelta()", () => {
  it("makes the snapshot that the sender has", () => {
    const { state, snapshot } = loaded();
    expect(snapshot).toMatchObject({ version: 10n, stateHash: state.stateHash });
    expect(namesOf(snapshot)).toEqual([
      "key/alice",
      "model/gpt",
      "provider/openai",
      "settings/default",
      "team/red",
    ]);
  });

  it("applies changes to what was there", () => {
    const { state, snapshot } = loaded();
    const next = accept(snapshot, state.change(12n, [team("blue", 12n)], ["key/alice"]));
    expect(namesOf(next)).toContain("team/blue");
    expect(namesOf(next)).not.toContain("key/alice");
    expect(next.stateHash).toBe(state.stateHash);
  });

  it("takes a full snapshot over what was there, also an older one", () => {
    const { snapshot } = loaded();
    const other = new FakeState();
    const next = accept(snapshot, other.change(3n, [team("blue", 3n)]));
    expect(next.version).toBe(3n);
    expect(namesOf(next)).toEqual(["team/blue"]);
  });

  it("takes an empty delta as news that nothing changed", () => {
    const { state, snapshot } = loaded();
    const next = accept(snapshot, state.change(11n, []));
    expect(next.version).toBe(11n);
    expect(namesOf(next)).toEqual(namesOf(snapshot));
  });

  // Each row: a delta on the loaded snapshot, and who is rejected for what.
  type Row = {
    name: string;
    upserts?: discovery.Resource[];
    removed?: string[];
    who: string;
    why: RegExp;
  };
  const rows: Row[] = [
    {
      name: "a resource that is wrong by itself",
      upserts: [team("!", 11n)],
      who: "team/!",
      why: /name/,
    },
    {
      name: "an unknown provider",
      upserts: [model("m", "nobody", 11n)],
      who: "model/m",
      why: /no provider "nobody"/,
    },
    {
      name: "an unknown team",
      upserts: [key("k", 11n, "nobody")],
      who: "key/k",
      why: /no team "nobody"/,
    },
    {
      name: "a removed provider still named",
      removed: ["provider/openai"],
      who: "model/gpt",
      why: /no provider "openai"/,
    },
    {
      name: "a removed team still named",
      removed: ["team/red"],
      who: "key/alice",
      why: /no team "red"/,
    },
    {
      name: "a credential's name taken",
      upserts: [provider("x", 11n, "openai")],
      who: "provider/",
      why: /has a credential "openai" already/,
    },
    {
      name: "a short HMAC key",
      upserts: [settings(16, 11n)],
      who: "settings/default",
      why: /has 16 bytes, it must have 32/,
    },
    {
      name: "one resource twice",
      upserts: [team("a", 11n), team("a", 11n)],
      who: "team/a",
      why: /twice/,
    },
    {
      name: "set and removed at once",
      upserts: [team("a", 11n)],
      removed: ["team/a"],
      who: "team/a",
      why: /twice/,
    },
    {
      name: "a removed kind of the future",
      removed: ["guardrail/g"],
      who: "/",
      why: /unsupported/,
    },
  ];
  it.each(rows)("rejects $name", ({ upserts = [], removed = [], who, why }) => {
    const { state, snapshot } = loaded();
    const outcome = applyDelta(snapshot, state.change(11n, upserts, removed));
    if (outcome.ok) throw new Error("it was accepted");
    expect(outcome.diverged).toBe(false);
    const [first] = outcome.rejected;
    expect(`${first?.kind}/${first?.name}`).toContain(who);
    expect(first?.message).toMatch(why);
  });

  it("rejects an upserted kind of the future", () => {
    const { state, snapshot } = loaded();
    // Field 9 of Resource, which this build does not have.
    const future = fromBinary(discovery.ResourceSchema, Uint8Array.of(0x4a, 0x00, 0x50, 0x0b));
    const outcome = applyDelta(snapshot, state.change(11n, [future]));
    expect(outcome).toMatchObject({ ok: false, diverged: false });
    expect(outcome).toMatchObject({
      rejected: [{ message: expect.stringContaining("unsupported") }],
    });
  });

  it("accepts a model together with the provider it names", () => {
    const { state, snapshot } = loaded();
    accept(snapshot, state.change(11n, [model("m", "new", 11n), provider("new", 11n)]));
  });

  it.each([
    { name: "a delta against another version", edit: { fromVersion: 9n } },
    { name: "a delta that goes back", edit: { version: 9n } },
    { name: "another state hash", edit: { stateHash: 1n } },
  ])("asks for everything after $name", ({ edit }) => {
    const { state, snapshot } = loaded();
    const delta = { ...state.change(11n, [team("a", 11n)]), ...edit };
    expect(applyDelta(snapshot, delta)).toMatchObject({ ok: false, diverged: true });
  });

  it("does not ask for everything again when everything has another hash", () => {
    const delta = { ...loaded().state.full(), stateHash: 1n };
    expect(applyDelta(emptySnapshot, delta)).toMatchObject({ ok: false, diverged: false });
  });

  it("says at most 100 rejections of at most 1 KiB", () => {
    const bad = Array.from({ length: 500 }, (_, index) => key(`k${index}`, 1n, "x".repeat(5000)));
    const outcome = applyDelta(emptySnapshot, new FakeState().change(1n, bad));
    if (outcome.ok) throw new Error("it was accepted");
    expect(outcome.rejected).toHaveLength(100);
    for (const { message } of outcome.rejected) {
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
    }
  });

  it("is all or nothing, and deltas add up to what one full delta gives", () => {
    const changes = fc.array(
      fc.record({
        set: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 3 }),
        remove: fc.constantFrom("a", "b", "c", "d"),
        poison: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(changes, (history) => {
        const state = new FakeState();
        let snapshot = accept(emptySnapshot, state.change(1n, [team("z")]));
        for (const { set, remove, poison } of history) {
          const version = state.version + 1n;
          const upserts = set.filter((name) => name !== remove).map((name) => team(name, version));
          if (poison) {
            const before = namesOf(snapshot);
            const bad = {
              ...state.full(),
              fromVersion: snapshot.version,
              upserts: [...upserts, team("!")],
            };
            expect(applyDelta(snapshot, bad).ok).toBe(false);
            expect(namesOf(snapshot)).toEqual(before);
          }
          snapshot = accept(snapshot, state.change(version, upserts, [`team/${remove}`]));
          const fresh = accept(emptySnapshot, state.full());
          expect(namesOf(snapshot)).toEqual(namesOf(fresh));
          expect(namesOf(accept(emptySnapshot, fullDelta(snapshot)))).toEqual(namesOf(snapshot));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("does not look at 100,000 keys to change one of them", () => {
    const state = new FakeState();
    const keys = Array.from({ length: 100_000 }, (_, index) => key(`key-${index}`, 1n, "red"));
    let snapshot = accept(emptySnapshot, state.change(1n, [team("red"), ...keys]));
    // Checking all of them takes half a second: 500 times that would run into the timeout by far.
    for (let index = 0; index < 500; index++) {
      const name = `key-${index * 7}`;
      const version = snapshot.version + 1n;
      const before = resourceHash({ kind: "key", name, revision: 1n });
      const after = resourceHash({ kind: "key", name, revision: version });
      const delta = create(discovery.StreamSnapshotsResponseSchema, {
        fromVersion: snapshot.version,
        version,
        stateHash: snapshot.stateHash ^ before ^ after,
        upserts: [key(name, version, "red")],
      });
      snapshot = accept(snapshot, delta);
    }
    expect(snapshot.version).toBe(501n);
  }, 60_000);
});

/** A provider with a model, a team with a key, and settings, at version 10. */
function loaded() {
  const state = new FakeState();
  const full = state.change(10n, [
    provider("openai"),
    model("gpt", "openai"),
    team("red"),
    key("alice", 1n, "red"),
    settings(),
  ]);
  return { state, snapshot: accept(emptySnapshot, full) };
}

function accept(snapshot: Snapshot, delta: discovery.StreamSnapshotsResponse): Snapshot {
  // As it comes from the wire.
  const schema = discovery.StreamSnapshotsResponseSchema;
  const outcome = applyDelta(snapshot, fromBinary(schema, toBinary(schema, create(schema, delta))));
  if (outcome.ok) return outcome.snapshot;
  throw new Error(JSON.stringify(outcome.rejected));
}

function namesOf(snapshot: Snapshot): string[] {
  return Array.from(snapshot.resources.values(), (resource) => {
    const identity = identify(resource);
    return `${identity?.kind}/${identity?.name}`;
  }).sort();
}
