import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import { type Candidate, createPicker, type StrategyName } from "./picker.ts";

const strategies: StrategyName[] = ["round_robin", "weighted", "shuffle"];

describe.each(strategies)("%s", (strategy) => {
  it("picks one of those offered, whatever is offered", () => {
    const offers = fc.array(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), { maxLength: 40 });
    fc.assert(
      fc.property(offers, fc.integer(), (rounds, seed) => {
        const picker = createPicker(strategy, seededRandom(seed));
        for (const ids of rounds) {
          const offered = ids.map((id) => candidate(`d${id}`, id + 1));
          expect(offered).toContain(picker.pick(offered));
        }
      }),
    );
  });

  it("refuses to pick of none", () => {
    expect(() => createPicker(strategy, seededRandom(1)).pick([])).toThrow(RangeError);
  });
});

describe("shares of 6,000 picks", () => {
  const offered = [candidate("a", 3), candidate("b", 2), candidate("c", 1)];

  it.each([
    { strategy: "round_robin" as const, shares: { a: 2000, b: 2000, c: 2000 }, within: 0 },
    { strategy: "weighted" as const, shares: { a: 3000, b: 2000, c: 1000 }, within: 0 },
    { strategy: "shuffle" as const, shares: { a: 3000, b: 2000, c: 1000 }, within: 150 },
  ])("$strategy", ({ strategy, shares, within }) => {
    const picker = createPicker(strategy, seededRandom(7));
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 6_000; i++) {
      const { id } = picker.pick(offered);
      counts[id] = (counts[id] ?? 0) + 1;
    }
    for (const [id, share] of Object.entries(shares)) {
      expect(Math.abs((counts[id] ?? 0) - share)).toBeLessThanOrEqual(within);
    }
  });

  it("weighted spreads a heavy one out", () => {
    const picker = createPicker("weighted", seededRandom(1));
    const offer = [candidate("a", 5), candidate("b", 1), candidate("c", 1)];
    const order = Array.from({ length: 7 }, () => picker.pick(offer).id).join("");
    expect(order).toBe("aabacaa");
  });

  it("shuffle with the last of the luck still picks", () => {
    expect(createPicker("shuffle", () => 0.999999999).pick(offered).id).toBe("c");
  });
});

function candidate(id: string, weight: number): Candidate {
  return { id, weight };
}
