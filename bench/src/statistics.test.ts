import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, percentile, ratio, summarize } from "./statistics.ts";

describe("percentile", () => {
  it.each([
    { name: "one value", values: [7], percent: 1, expected: 7 },
    { name: "the middle of an odd number", values: [3, 1, 2], percent: 50, expected: 2 },
    { name: "the lower middle of an even number", values: [4, 1, 3, 2], percent: 50, expected: 2 },
    { name: "the greatest at 100", values: [5, 9, 1], percent: 100, expected: 9 },
    { name: "p99 of 1 to 100", values: oneTo(100), percent: 99, expected: 99 },
    { name: "p99 of 1 to 101", values: oneTo(101), percent: 99, expected: 100 },
    { name: "numbers, not words", values: [10, 9, 100], percent: 50, expected: 10 },
  ])("is $name", ({ values, percent, expected }) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it.each([0, -1, 100.1, Number.NaN])("refuses %d percent", (percent) => {
    expect(() => percentile([1], percent)).toThrow(RangeError);
  });

  it("refuses an empty list", () => {
    expect(() => percentile([], 50)).toThrow("at least one value");
  });

  it("has enough values at or below it, and too few below it", () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = percentile(values, percent);
        const needed = (percent / 100) * values.length;
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(needed);
        expect(values.filter((value) => value < found).length).toBeLessThan(needed);
      }),
    );
  });
});

describe("median", () => {
  it.each([
    { name: "one value", values: [4], expected: 4 },
    { name: "an odd number", values: [9, 1, 5], expected: 5 },
    { name: "an even number", values: [1, 2, 3, 10], expected: 2.5 },
    { name: "negative values", values: [-3, -1, -2], expected: -2 },
  ])("of $name", ({ values, expected }) => {
    expect(median(values)).toBe(expected);
  });

  it("refuses an empty list", () => {
    expect(() => median([])).toThrow("at least one value");
  });

  it("does not depend on the order and leaves its input alone", () => {
    fc.assert(
      fc.property(lists, (values) => {
        const before = [...values];
        expect(median(values)).toBe(median(values.toReversed()));
        expect(values).toEqual(before);
      }),
    );
  });
});

describe("ratio", () => {
  it.each([
    { value: 3, base: 2, expected: 1.5 },
    { value: 0, base: 2, expected: 0 },
    { value: undefined, base: 2, expected: undefined },
    { value: 3, base: undefined, expected: undefined },
    { value: 3, base: 0, expected: undefined },
    { value: 3, base: -1, expected: undefined },
    { value: 3, base: Number.NaN, expected: undefined },
  ])("of $value to $base is $expected", ({ value, base, expected }) => {
    expect(ratio(value, base)).toBe(expected);
  });
});

describe("summarize", () => {
  it("gives the middle, the extremes and the number of rounds", () => {
    expect(summarize([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, rounds: 3 });
  });

  it("keeps four significant digits", () => {
    expect(summarize([123.456, 0.0123456])).toEqual({
      median: 61.73,
      min: 0.01235,
      max: 123.5,
      rounds: 2,
    });
  });
});

const lists = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
