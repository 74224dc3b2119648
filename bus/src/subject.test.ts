import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertPattern, assertSubject, patternsOverlap, subjectMatches } from "./subject.ts";

describe("subjectMatches()", () => {
  it.each([
    { pattern: "a.b", subject: "a.b", matches: true },
    { pattern: "a.b", subject: "a.c", matches: false },
    { pattern: "a.b", subject: "a", matches: false },
    { pattern: "a", subject: "a.b", matches: false },
    { pattern: "*", subject: "a", matches: true },
    { pattern: "*", subject: "a.b", matches: false },
    { pattern: "a.*.c", subject: "a.b.c", matches: true },
    { pattern: "a.*.c", subject: "a.b.d", matches: false },
    { pattern: "a.*", subject: "a", matches: false },
    { pattern: ">", subject: "a", matches: true },
    { pattern: ">", subject: "a.b.c", matches: true },
    { pattern: "a.>", subject: "a", matches: false },
    { pattern: "a.>", subject: "a.b.c", matches: true },
    { pattern: "*.b.>", subject: "a.b.c", matches: true },
    { pattern: "*.b.>", subject: "a.c.c", matches: false },
  ])("$pattern covers $subject: $matches", ({ pattern, subject, matches }) => {
    expect(subjectMatches(pattern, subject)).toBe(matches);
  });
});

describe("patternsOverlap()", () => {
  const token = fc.constantFrom("a", "b");
  const subjects = fc
    .array(token, { minLength: 1, maxLength: 4 })
    .map((tokens) => tokens.join("."));
  const wild = fc.array(fc.oneof(token, fc.constant("*")), { minLength: 1, maxLength: 3 });
  const patterns = fc
    .tuple(wild, fc.boolean())
    .map(([tokens, open]) => (open ? [...tokens, ">"] : tokens).join("."));

  it("is true when a subject is covered by both", () => {
    fc.assert(
      fc.property(patterns, patterns, subjects, (one, other, subject) => {
        if (!subjectMatches(one, subject) || !subjectMatches(other, subject)) return;
        expect(patternsOverlap(one, other)).toBe(true);
      }),
    );
  });

  it("is false when no subject is", () => {
    const short = ["a", "b"];
    const all = [1, 2, 3].reduce(
      (found) => [
        ...found,
        ...found.flatMap((subject) => short.map((next) => `${subject}.${next}`)),
      ],
      short,
    );
    fc.assert(
      fc.property(patterns, patterns, (one, other) => {
        const both = all.some((subject) => [one, other].every((p) => subjectMatches(p, subject)));
        expect(patternsOverlap(one, other)).toBe(both);
      }),
    );
  });
});

describe("what is well-formed", () => {
  it.each(["", ".", "a.", ".a", "a..b", "a b", "a.*", ">", "é", "a".repeat(257)])(
    "%j is not a subject",
    (subject) => expect(() => assertSubject(subject)).toThrow(/is not a subject: dot-separated/),
  );

  it.each(["", "a.", ">.a", "a*", "a.>.b", "a>"])("%j is not a pattern", (pattern) =>
    expect(() => assertPattern(pattern)).toThrow(/is not a subject pattern/),
  );

  it.each(["a", "usage.eu-west.node_1", "A.9"])("%j is both", (subject) => {
    assertSubject(subject);
    assertPattern(subject);
  });
});
