import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PersistentMap } from "./persistent-map.ts";

describe("PersistentMap", () => {
  it("does what a copied Map does, and leaves the old one as it was", () => {
    fc.assert(
      fc.property(fc.array(batches), (history) => {
        let map = PersistentMap.empty<number>();
        let oracle = new Map<string, number>();
        for (const batch of history) {
          const before = sorted(map.values());
          const next = map.with(batch);
          expect(sorted(map.values())).toEqual(before);
          oracle = new Map(oracle);
          for (const [key, value] of batch) {
            if (value === undefined) oracle.delete(key);
            else oracle.set(key, value);
          }
          map = next;
          expect(map.size).toBe(oracle.size);
          expect(sorted(map.values())).toEqual(sorted(oracle.values()));
          for (const [key, value] of oracle) expect(map.get(key)).toBe(value);
          for (const [key] of batch) expect(map.has(key)).toBe(oracle.has(key));
        }
      }),
    );
  });
});

const batches = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom("a", "b", "key/a"), fc.string()),
    fc.option(fc.nat(), { nil: undefined }),
  ),
  { maxLength: 20 },
);

function sorted(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}
