import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globMatches } from "./glob.ts";

describe("globMatches()", () => {
  it.each([
    ["gpt-4o", "gpt-4o", true],
    ["gpt-4o", "gpt-4o-mini", false],
    ["claude-*", "claude-sonnet", true],
    ["claude-*", "claude-", true],
    ["claude-*", "a-claude-x", false],
    ["*", "", true],
    ["*/llama-*", "meta/llama-3", true],
    ["*mini", "gpt-4o-mini-mini", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["g.t", "gpt", false],
    ["", "x", false],
  ])("%s for %s is %s", (pattern, name, matches) => {
    expect(globMatches(pattern, name)).toBe(matches);
  });

  it("agrees with the regular expression that means the same", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "."), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 10 });
    fc.assert(
      fc.property(text, name, (pattern, candidate) => {
        const source = pattern.split("*").map(RegExp.escape).join(".*");
        expect(globMatches(pattern, candidate)).toBe(
          new RegExp(`^${source}$`, "s").test(candidate),
        );
      }),
    );
  });

  it("stays polynomial on a pattern made to backtrack", () => {
    expect(globMatches(`${"a*".repeat(60)}b`, "a".repeat(5_000))).toBe(false);
  });
});
