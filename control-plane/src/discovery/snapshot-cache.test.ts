import { describe, expect, it } from "vitest";
import { SnapshotCache } from "./snapshot-cache.ts";
import type { SnapshotEntry } from "./snapshot-history.ts";

describe("SnapshotCache", () => {
  it.each([
    { name: "a key made", change: { id: "key/b", entry: key("b", 11) }, urgent: false },
    { name: "a key as it was", change: { id: "key/a", entry: key("a", 11) }, urgent: false },
    { name: "a key rotated", change: { id: "key/a", entry: key("a", 11, "hash-2") }, urgent: true },
    { name: "a key revoked", change: { id: "key/a", entry: key("a", 11, null) }, urgent: true },
    { name: "a key deleted", change: { id: "key/a", entry: undefined }, urgent: true },
  ])("says of $name that it is urgent: $urgent", ({ change, urgent }) => {
    expect(filled().apply(11, [change], 0)).toBe(urgent);
  });

  it("says of a revoked key seen only by listing again that it is urgent", () => {
    const cache = filled();
    expect(cache.replaceAll(20, new Map(), 0)).toBe(true);
    expect([...cache.changedSince(10)]).toEqual(["key/a"]);
  });

  it("does not resume from a version inside of what was missed, since its content is unknown", () => {
    const cache = filled();
    cache.replaceAll(20, new Map([["key/b", key("b", 15)]]), 0);
    expect(cache.canResume(15, 123n)).toBe(false);
    expect(cache.canResume(20, cache.stateHash)).toBe(true);
  });

  it("keeps 10,000 revisions", () => {
    const cache = filled();
    for (let version = 11; version <= 10_010; version++) {
      cache.apply(version, [{ id: "key/a", entry: key("a", version) }], 0);
    }
    expect(cache.stateHashAt(10)).toBe(10n);
    cache.apply(10_011, [{ id: "key/a", entry: key("a", 10_011) }], 0);
    expect(cache.stateHashAt(10)).toBeUndefined();
    expect(cache.stateHashAt(11)).toBe(11n);
    expect([...cache.changedSince(11)]).toEqual(["key/a"]);
  });

  it("keeps ten minutes", () => {
    const cache = filled();
    cache.apply(11, [{ id: "key/a", entry: key("a", 11) }], 0);
    cache.apply(12, [{ id: "key/a", entry: key("a", 12) }], 10 * 60_000);
    expect(cache.stateHashAt(10)).toBe(10n);
    cache.apply(13, [{ id: "key/a", entry: key("a", 13) }], 10 * 60_000 + 1);
    expect(cache.stateHashAt(10)).toBeUndefined();
    expect(cache.stateHashAt(11)).toBe(11n);
  });

  it("tells its observer what it had before, and when nothing of before holds", () => {
    const cache = filled();
    const told: unknown[] = [];
    cache.observe({
      onApplied: (changes) => told.push(...changes),
      onReplaced: () => told.push("replaced"),
    });
    cache.apply(11, [{ id: "key/a", entry: undefined }], 0);
    cache.replaceAll(5, new Map(), 0);
    expect(told).toEqual([{ id: "key/a", before: key("a", 10), isUrgent: true }, "replaced"]);
  });
});

function filled(): SnapshotCache {
  const cache = new SnapshotCache();
  cache.replaceAll(10, new Map([["key/a", key("a", 10)]]), 0);
  cache.publish();
  return cache;
}

function key(name: string, revision: number, admits: string | null = "hash-1"): SnapshotEntry {
  const field = { no: 4, wireType: 2, data: new Uint8Array() };
  const hash = BigInt(revision);
  return { kind: "key", name, revision, hash, field, ...(admits !== null && { admits }) };
}
