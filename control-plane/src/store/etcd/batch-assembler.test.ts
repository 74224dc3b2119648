import type { IEvent } from "etcd3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchAssembler } from "./batch-assembler.ts";
import { KeySpace } from "./key-space.ts";

const keys = new KeySpace("/headgate");

describe("BatchAssembler", () => {
  it("tells puts and deletions by our keys", () => {
    const batches = new BatchAssembler(keys, 1).add({
      events: [event(7, "/a"), { ...event(7, "/b"), type: "Delete" }],
      fragment: false,
    });
    const entry = { key: "/a", value: Uint8Array.of(7), createRevision: 7, revision: 7 };
    const changes = [
      { type: "put", entry },
      { type: "delete", key: "/b" },
    ];
    expect(batches).toEqual([{ revision: 7, changes }]);
  });

  it("waits for the rest of a revision, whatever comes between", () => {
    const assembler = new BatchAssembler(keys, 1);
    expect(assembler.add({ events: [event(7, "/a")], fragment: true })).toEqual([]);
    expect(assembler.add({ events: [], fragment: false })).toEqual([]);
    const [batch, ...more] = assembler.add({ events: [event(7, "/b")], fragment: false });
    expect(batch?.changes).toHaveLength(2);
    expect(more).toEqual([]);
  });

  it("leaves out what is before `from`", () => {
    const events = [event(6, "/a"), event(7, "/a"), event(8, "/a")];
    const batches = new BatchAssembler(keys, 7).add({ events, fragment: false });
    expect(batches.map(({ revision }) => revision)).toEqual([7, 8]);
  });

  it("tells the same however etcd cuts it", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, fc.array(fc.nat(3)), (counts, cuts) => {
        const events = counts.flatMap((count, at) =>
          Array.from({ length: count }, (_, index) => event(at + 2, `/${index}`)),
        );
        const assembler = new BatchAssembler(keys, 1);
        const told = pieces(events, cuts).flatMap((piece) => assembler.add(piece));
        expect(told.map(({ revision }) => revision)).toEqual(counts.map((_, at) => at + 2));
        expect(told.map(({ changes }) => changes.length)).toEqual(counts);
      }),
    );
  });
});

/** As etcd would: pieces of these sizes, each marked unless a revision ends with it. */
function pieces(events: readonly IEvent[], cuts: readonly number[]) {
  const rest = [...events];
  const made: { events: IEvent[]; fragment: boolean }[] = [];
  for (const size of [...cuts, events.length]) {
    const piece = rest.splice(0, size);
    const next = rest[0]?.kv.mod_revision;
    const fragment = next !== undefined && next === piece.at(-1)?.kv.mod_revision;
    made.push({ events: piece, fragment });
  }
  return made;
}

function event(revision: number, key: string): IEvent {
  const text = String(revision);
  const kv = { key: keys.inside(key), value: Buffer.of(revision), lease: "0", version: "1" };
  // Asked for without `prev_kv`, it is absent whatever the type says.
  return { type: "Put", kv: { ...kv, create_revision: text, mod_revision: text } } as IEvent;
}
