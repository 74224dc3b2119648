import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ElectionWorld, type Fault, marginMs, ttlMs } from "./election-world.fixture.ts";

const faultsEndMs = 60_000;
const faultMaxMs = 8_000;
/** Time for leases to end and for the longest pause between attempts, a few times over. */
const calmMs = 20_000;

// Clocks that are slower by just less than the margin allows, or faster.
const rateMin = 1 - marginMs / ttlMs + 0.001;
const clockRates = fc.array(fc.double({ min: rateMin, max: 1.25, noNaN: true }), {
  minLength: 2,
  maxLength: 4,
});

describe("an election", () => {
  it("has at most one leader at any time, with growing epochs, and one in the end", () => {
    const faults = faultsOf(
      "pause",
      "cut",
      "outage",
      "slow",
      "hand-over",
      "extend-lease",
      "restart",
    );
    let elections = 0;
    fc.assert(
      fc.property(fc.integer(), clockRates, faults, (seed, rates, script) => {
        const check = ({ leaders }: ElectionWorld) => expect(leaders).toBeLessThanOrEqual(1);
        const world = new ElectionWorld({ seed, clockRates: rates, faults: script, check });
        world.runUntil(faultsEndMs + faultMaxMs + calmMs);
        expect(world.leaders).toBe(1);
        expectAscending(world.acceptedEpochs);
        expectAscending(world.electedEpochs);
        expect(new Set(world.electedEpochs).size).toBe(world.electedEpochs.length);
        elections += world.electedEpochs.length;
      }),
      { numRuns: 100 },
    );
    expect(elections).toBeGreaterThan(150);
  });

  it("has one leader at most when office is won late and its lease is not kept", () => {
    const times = fc.record({
      slowMs: fc.integer({ min: 1_000, max: 3_000 }),
      cutAfterMs: fc.integer({ min: 500, max: 4_500 }),
      who: fc.nat({ max: 1 }),
    });
    const check = ({ leaders }: ElectionWorld) => expect(leaders).toBeLessThanOrEqual(1);
    fc.assert(
      fc.property(fc.integer(), times, (seed, { slowMs, cutAfterMs, who }) => {
        const faults: Fault[] = [
          { type: "slow", who, atMs: 3_030, forMs: slowMs },
          { type: "hand-over", who, atMs: 3_000, forMs: 3_000 },
          { type: "cut", who, atMs: 3_000 + cutAfterMs, forMs: 8_000 },
        ];
        new ElectionWorld({ seed, clockRates: [1, 1], faults, check }).runUntil(15_000);
      }),
      { numRuns: 400 },
    );
  });

  it("lets no two leaders act in turns, whatever clocks do and whoever deletes the key", () => {
    const rates = fc.array(fc.double({ min: 0.05, max: 20, noNaN: true }), {
      minLength: 2,
      maxLength: 5,
    });
    const faults = faultsOf("pause", "cut", "outage", "slow", "delete-key");
    let doubles = 0;
    fc.assert(
      fc.property(fc.integer(), rates, faults, (seed, clocks, script) => {
        const check = ({ leaders }: ElectionWorld) => {
          if (leaders > 1) doubles += 1;
        };
        const world = new ElectionWorld({ seed, clockRates: clocks, faults: script, check });
        world.runUntil(faultsEndMs);
        expectAscending(world.acceptedEpochs);
      }),
      { numRuns: 100 },
    );
    // Else this shows nothing that the one above does not.
    expect(doubles).toBeGreaterThan(0);
  });
});

/** Faults crowd where leaders change: it takes two or three on one candidate to do harm. */
function faultsOf(...types: readonly Fault["type"][]): fc.Arbitrary<Fault[]> {
  const fault = fc.record({
    type: fc.constantFrom(...types),
    who: fc.nat({ max: 4 }),
    atMs: fc.nat({ max: 5_000 }),
    forMs: fc.nat({ max: faultMaxMs }),
  });
  const crowd = fc.record({
    beginMs: fc.nat({ max: faultsEndMs - 5_000 }),
    slowMs: fc.oneof(fc.constant(0), fc.nat({ max: 6_000 })),
    faults: fc.array(fault, { minLength: 2, maxLength: 6, size: "max" }),
  });
  return fc
    .array(crowd, { minLength: 5, maxLength: 10, size: "max" })
    .map((crowds) =>
      crowds.flatMap(({ beginMs, slowMs, faults }) => [
        { type: "slow", who: 0, atMs: beginMs + 1_900, forMs: slowMs },
        { type: "hand-over", who: 0, atMs: beginMs + 2_000, forMs: 1_000 },
        ...faults.map((one) => ({ ...one, atMs: one.atMs + beginMs })),
      ]),
    );
}

function expectAscending(epochs: readonly number[]): void {
  expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
}
