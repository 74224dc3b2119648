import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatestSlots } from "./latest-slots.ts";

describe("latest slots", () => {
  it("gives the newest of each key once", () => {
    const slots = new LatestSlots<number>(10);
    slots.put("a", 1);
    slots.put("b", 2);
    slots.put("a", 3);
    expect([...slots.take()]).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect(slots.take().size).toBe(0);
    expect(slots.overwritten).toBe(1);
  });

  it("refuses keys beyond its bound, until some are taken", () => {
    const slots = new LatestSlots<number>(2);
    for (const [at, key] of ["a", "b", "c", "a", "c"].entries()) slots.put(key, at);
    expect(Object.fromEntries(slots.take())).toEqual({ a: 3, b: 1 });
    expect(slots.refused).toBe(2);
    slots.put("c", 5);
    expect(Object.fromEntries(slots.take())).toEqual({ c: 5 });
  });

  it("loses nothing but what is overwritten or refused", () => {
    const step = fc.oneof(fc.constantFrom("a", "b", "c", "d"), fc.constant("take" as const));
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 4 }), (steps, keysMax) => {
        const slots = new LatestSlots<number>(keysMax);
        let taken = 0;
        let put = 0;
        for (const [at, key] of steps.entries()) {
          if (key === "take") taken += slots.take().size;
          else {
            slots.put(key, at);
            put += 1;
          }
          expect(slots.size).toBeLessThanOrEqual(keysMax);
        }
        taken += slots.take().size;
        expect(taken + slots.overwritten + slots.refused).toBe(put);
      }),
    );
  });
});
