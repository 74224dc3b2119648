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
  maxLength: 5,
});

describe("an election", () => {
  it("has at most one leader at any time, with growing epochs, and one in the end", () => {
    const faults = faultsOf("pause", "cut", "outage", "slow", "extend-lease", "restart");
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
      { numRuns: 150 },
    );
    expect(elections).toBeGreaterThan(150);
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
      { numRuns: 150 },
    );
    // Else this shows nothing that the one above does not.
    expect(doubles).toBeGreaterThan(0);
  });
});

function faultsOf(...types: readonly Fault["type"][]): fc.Arbitrary<Fault[]> {
  const fault = fc.record({
    type: fc.constantFrom(...types),
    who: fc.nat({ max: 4 }),
    atMs: fc.nat({ max: faultsEndMs }),
    forMs: fc.nat({ max: faultMaxMs }),
  });
  return fc.array(fault, { maxLength: 40, size: "max" });
}

function expectAscending(epochs: readonly number[]): void {
  expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
}
