import { globMatches } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FilterFields, type FilterValue, parseFilter } from "./filter.ts";

const fields: FilterFields = {
  name: "text",
  team: "text",
  revoked: "flag",
  type: ["openai", "azure", "openai-compatible"],
  kind: "text",
};

const alice: Record<string, FilterValue> = {
  name: "alice-laptop",
  team: "research",
  revoked: false,
  type: "openai",
  kind: ["key", "team"],
};

function matches(text: string, thing = alice): boolean {
  const parsed = parseFilter(text, fields);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.filter((field) => thing[field] ?? "");
}

function problemOf(text: string): string {
  const parsed = parseFilter(text, fields);
  return parsed.ok ? "" : parsed.problem;
}

describe("parseFilter()", () => {
  it.each([
    ["", true],
    ["   ", true],
    ['team = "research"', true],
    ["team=research", true],
    ["team = sales", false],
    ["team != sales", true],
    ["team!=research", false],
    ["name = alice-*", true],
    ['name = "*-laptop"', true],
    ["name = alice", false],
    ['name = ""', false],
    ["revoked", false],
    ["NOT revoked", true],
    ["NOT NOT revoked", false],
    ["revoked = false", true],
    ["revoked != true", true],
    ["type = openai", true],
    ["type = open*", true],
    ["type = openai-compatible", false],
    ["kind = team", true],
    ["kind = provider", false],
    ["kind != key", false],
    ['team = "research" AND name = "alice-*" AND NOT revoked', true],
    ["team = research AND revoked", false],
    ["team = sales OR name = alice*", true],
    ["(team = sales OR team = research) AND NOT (revoked OR name = bob)", true],
    ["team = research AND (name = bob OR name = carol)", false],
    ["NOT (team = research)", false],
    ["((((team = research))))", true],
  ])("%s is %s", (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  it.each([
    { name: "quotes", value: 'say "hi"', text: String.raw`name = "say \"hi\""` },
    { name: "a backslash", value: String.raw`a\b`, text: String.raw`name = "a\\b"` },
    { name: "a keyword", value: "AND", text: 'name = "AND"' },
    { name: "parentheses and signs", value: "(a)=b!", text: 'name = "(a)=b!"' },
    { name: "no ASCII", value: "zoë ☃ 😀", text: 'name = "zoë ☃ 😀"' },
  ])("takes a text with $name in quotes", ({ value, text }) => {
    expect(matches(text, { name: value })).toBe(true);
    expect(matches(text, { name: `${value}x` })).toBe(false);
  });

  it.each([
    [
      "teem = x",
      /^character 1: there is no field "teem" .*did you mean "team".*; there are name, /,
    ],
    ["name = a AND ofwer = b", /^character 14: there is no field "ofwer"/],
    ["name", /^character 5: = or != is expected behind name, not the end/],
    ["name = ", /^character 8: a value is expected, not the end/],
    ["name = = b", /^character 8: a value is expected, not "="/],
    ["= b", /^character 1: a field is expected, not "="/],
    ['"name" = b', /^character 1: a field is expected, not "name"/],
    ["name = a name = b", /^character 10: AND, OR or the end is expected, not "name"/],
    ["name = a and name = b", /^character 10: AND, OR or the end is expected, not "and"/],
    ["name = a AND", /^character 13: a field is expected, not the end/],
    ["name = a AND team = b OR revoked", /^character 23: AND and OR are mixed: say with parenth/],
    ["name = a OR team = b AND revoked", /^character 22: AND and OR are mixed/],
    ["(name = a", /^character 10: AND, OR or \) is expected, not the end/],
    ["name = a)", /^character 9: AND, OR or the end is expected, not "\)"/],
    ['name = "a', /^character 8: the quoted text has no end/],
    ["name ! a", /^character 6: "!" means nothing here; put texts .* in quotes/],
    ["type = opnai", /^character 8: type is never "opnai": it is one of openai, azure, openai-/],
    ["revoked = maybe", /^character 11: revoked is never "maybe": it is one of true, false/],
    ["revoked = t*", /^character 11: revoked is never/],
    ["constructor = a", /there is no field "constructor"/],
    ["__proto__", /there is no field "__proto__"/],
    [`name = ${"a".repeat(1100)}`, /is 1107 characters long: at most 1024/],
    [`${"(".repeat(40)}revoked${")".repeat(40)}`, /^character 18: nested more than 16 deep/],
    [`${"NOT ".repeat(40)}revoked`, /nested more than 16 deep/],
  ])("says what is wrong with %s", (text, problem) => {
    expect(problemOf(text)).toMatch(problem);
  });

  it("means what is written, whatever is written", () => {
    fc.assert(
      fc.property(trees, things, (tree, thing) => {
        expect(matches(written(tree), thing)).toBe(holds(tree, thing));
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, and always says what is wrong", () => {
    const pieces = fc.constantFrom(
      "(",
      ")",
      "=",
      "!=",
      "!",
      '"',
      "\\",
      " ",
      "AND",
      "OR",
      "NOT",
      "name",
      "*",
      "é",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (words) => {
        const parsed = parseFilter(words.join(""), fields);
        if (!parsed.ok) expect(parsed.problem).toMatch(/^(character \d+: |is \d+ characters)./);
      }),
      { numRuns: 1000 },
    );
  });
});

type Tree =
  | {
      readonly kind: "compare";
      readonly field: string;
      readonly equal: boolean;
      readonly value: string;
    }
  | { readonly kind: "flag" }
  | { readonly kind: "not"; readonly of: Tree }
  | { readonly kind: "AND" | "OR"; readonly all: readonly Tree[] };

const letters = fc.string({ unit: fc.constantFrom("a", "b", '"', "\\", " "), maxLength: 3 });
const patterns = fc.string({ unit: fc.constantFrom("a", "b", "*", '"', "\\", " "), maxLength: 3 });
const things = fc.record({ name: letters, team: letters, revoked: fc.boolean() });

const { tree: trees } = fc.letrec<{ tree: Tree; leaf: Tree }>((tie) => ({
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant("compare" as const),
      field: fc.constantFrom("name", "team"),
      equal: fc.boolean(),
      value: patterns,
    }),
    fc.constant({ kind: "flag" as const }),
  ),
  tree: fc.oneof(
    { maxDepth: 4 },
    tie("leaf"),
    fc.record({ kind: fc.constant("not" as const), of: tie("tree") }),
    fc.record({
      kind: fc.constantFrom("AND" as const, "OR" as const),
      all: fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

function written(tree: Tree): string {
  switch (tree.kind) {
    case "compare": {
      const value = tree.value.replaceAll(/["\\]/g, "\\$&");
      return `${tree.field} ${tree.equal ? "=" : "!="} "${value}"`;
    }
    case "flag":
      return "revoked";
    case "not":
      return `NOT ${inner(tree.of)}`;
    default:
      return tree.all.map(inner).join(` ${tree.kind} `);
  }
}

function inner(tree: Tree): string {
  return tree.kind === "AND" || tree.kind === "OR" ? `(${written(tree)})` : written(tree);
}

function holds(tree: Tree, thing: { name: string; team: string; revoked: boolean }): boolean {
  switch (tree.kind) {
    case "compare":
      return (
        globMatches(tree.value, tree.field === "name" ? thing.name : thing.team) === tree.equal
      );
    case "flag":
      return thing.revoked;
    case "not":
      return !holds(tree.of, thing);
    case "AND":
      return tree.all.every((one) => holds(one, thing));
    case "OR":
      return tree.all.some((one) => holds(one, thing));
  }
}
