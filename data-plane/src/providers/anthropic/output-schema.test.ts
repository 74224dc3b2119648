import { describe, expect, it } from "vitest";
import { outputSchema } from "./output-schema.ts";

const object = (properties: object, more: object = {}): Record<string, unknown> => ({
  type: "object",
  properties,
  ...more,
});
const shut = { additionalProperties: false };

describe("outputSchema()", () => {
  it.each([
    [
      "closes objects within objects",
      object({ a: object({}) }),
      object({ a: object({}, shut) }, shut),
    ],
    [
      "closes those of lists and choices",
      object({
        a: { type: "array", items: object({}) },
        b: { anyOf: [object({}), { type: "null" }] },
      }),
      object(
        {
          a: { type: "array", items: object({}, shut) },
          b: { anyOf: [object({}, shut), { type: "null" }] },
        },
        shut,
      ),
    ],
    ["takes one of for any of", { oneOf: [{ type: "string" }] }, { anyOf: [{ type: "string" }] }],
    [
      "tells limits in words",
      object({ a: { type: "string", pattern: "x", maxLength: 3 } }),
      object({ a: { type: "string", description: '(pattern: "x", maxLength: 3)' } }, shut),
    ],
    [
      "keeps members named like words of schemas",
      object({ pattern: { type: "string" }, items: object({}) }),
      object({ pattern: { type: "string" }, items: object({}, shut) }, shut),
    ],
    [
      "keeps references",
      object({ a: { $ref: "#/$defs/b" } }, { $defs: { b: object({}) } }),
      object({ a: { $ref: "#/$defs/b" } }, { $defs: { b: object({}, shut) }, ...shut }),
    ],
    [
      "keeps lists that must not be empty",
      { type: "array", minItems: 1 },
      { type: "array", minItems: 1 },
    ],
  ])("%s", (_, schema, expected) => {
    expect(outputSchema(schema)).toEqual(expected);
  });

  it("follows each reference once", () => {
    const twice = (name: string): object => object({ x: { $ref: name }, y: { $ref: name } });
    const names = Array.from({ length: 60 }, (_, index) => `d${index}`);
    const $defs = Object.fromEntries(
      names.map((name, index) => [name, twice(`#/$defs/${names[index + 1] ?? "none"}`)]),
    );
    expect(outputSchema(object({ a: { $ref: "#/$defs/d0" } }, { $defs }))).toBeDefined();
  });

  it("does not look into what is too deep", () => {
    let schema = object({});
    for (let depth = 0; depth < 5000; depth++) schema = object({ a: schema });
    expect(outputSchema(schema)).toBeUndefined();
  });

  it.each([
    ["members of any name", { type: "object", additionalProperties: { type: "string" } }],
    ["members of any name within", object({ a: { type: "object" } })],
    ["more members", object({}, { additionalProperties: true })],
    ["itself", object({ a: { $ref: "#" } })],
    [
      "itself by another",
      object({ a: { $ref: "#/$defs/b" } }, { $defs: { b: object({ c: { $ref: "#/$defs/b" } }) } }),
    ],
  ])("has none for %s", (_, schema) => {
    expect(outputSchema(schema)).toBeUndefined();
  });
});
