import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prefixEnd } from "./prefix-end.ts";

describe("prefixEnd()", () => {
  it.each([
    { prefix: "/resources/", end: "/resources0" },
    { prefix: "", end: undefined },
    { prefix: "a\u{10ffff}", end: "b" },
    { prefix: "\u{10ffff}\u{10ffff}", end: undefined },
    { prefix: "\ud7ff", end: "\ue000" },
    { prefix: "\uffff", end: "\u{10000}" },
  ])("of $prefix is $end", ({ prefix, end }) => {
    expect(prefixEnd(prefix)).toBe(end);
  });

  it("separates exactly the strings with the prefix, by their bytes", () => {
    const text = fc.string({ unit: "binary", maxLength: 3 });
    fc.assert(
      fc.property(text, text, (prefix, key) => {
        const end = prefixEnd(prefix);
        const within = compare(key, prefix) >= 0 && (end === undefined || compare(key, end) < 0);
        expect(within).toBe(key.startsWith(prefix));
      }),
      { numRuns: 1000 },
    );
  });
});

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
