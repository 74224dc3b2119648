import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberOf, parseExact } from "./parse-exact.ts";
import { parseJson } from "./parse-json.ts";

describe("parseExact()", () => {
  it.each([
    "9007199254740993",
    "-12345678901234567890",
    "123456789012345678901234567890",
    // Past all that a number holds.
    `1${"0".repeat(400)}`,
  ])("keeps %s within an object or a list as it was written", (digits) => {
    const text = `{"id":${digits},"more":[{"":${digits}},1.5,"${digits}",null]}`;
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  it.each([
    ["the largest safe integer", "[9007199254740991]"],
    ["a long fraction", "[0.30000000000000004,1234567890123456.5]"],
    ["a long exponent", "[1e30]"],
    ["digits in a text", '["12345678901234567890"]'],
    ["an integer alone", "12345678901234567890"],
  ])("makes of %s what it is anyway", (_, text) => {
    expect(parseExact(text)).toEqual(JSON.parse(text));
  });

  it("is undefined for what is no JSON", () => {
    expect(parseExact("{")).toBeUndefined();
    expect(parseExact('{"a":12345678901234567890')).toBeUndefined();
  });

  it("differs from parseJson() in nothing else", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(parseExact(text)).toEqual(parseJson(text));
        const long = `[${text},"1234567890123456"]`;
        expect(parseExact(long)).toEqual(parseJson(long));
      }),
    );
  });
});

describe("numberOf()", () => {
  it("is the nearest number of a long integer, and everything else as it is", () => {
    const list = parseExact("[9007199254740993, 1, null]");
    expect(Array.isArray(list) && list.map(numberOf)).toEqual([9007199254740992, 1, null]);
    expect(numberOf("a")).toBe("a");
  });
});
