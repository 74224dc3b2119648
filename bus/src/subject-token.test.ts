import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertSubject } from "./subject.ts";
import { subjectToken } from "./subject-token.ts";

describe("subjectToken()", () => {
  it.each(["eu-west-1", "EU_1", "a", "x".repeat(63)])("leaves %s as it is", (name) => {
    expect(subjectToken(name)).toBe(name);
  });

  it.each([
    { name: "a dot", one: "eu.1", other: "eu_1" },
    { name: "what is cut off", one: `${"x".repeat(100)}1`, other: `${"x".repeat(100)}2` },
    { name: "other scripts", one: "münchen", other: "mänchen" },
    { name: "nothing at all", one: "", other: "_" },
  ])("tells names apart that differ by $name", ({ one, other }) => {
    expect(subjectToken(one)).not.toBe(subjectToken(other));
  });

  it("keeps what can be read of a name that does not fit", () => {
    expect(subjectToken("node.example.com")).toMatch(/^node_example_com_[0-9a-f]{16}$/);
  });

  it("makes two tokens of a subject out of whatever names", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string(), (one, other) => {
        const subject = `load.${subjectToken(one)}.${subjectToken(other)}`;
        expect(() => assertSubject(subject)).not.toThrow();
        expect(subject.split(".")).toHaveLength(3);
      }),
    );
  });
});
