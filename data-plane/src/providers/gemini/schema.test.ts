import { isRecord } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../chat/chat-request.ts";
import { convertSchema } from "./schema.ts";
import { inlineReferences } from "./schema-references.ts";

interface Row {
  readonly name: string;
  readonly from: JsonSchema;
  readonly to: JsonSchema;
  readonly lossy?: boolean;
}

const tree = {
  $ref: "#/$defs/Node",
  $defs: {
    Node: {
      type: "object",
      properties: { value: { type: "string" }, next: { $ref: "#/$defs/Node" } },
    },
  },
};

describe("convertSchema()", () => {
  it.each<Row>([
    { name: "a type", from: { type: "string" }, to: { type: "STRING" } },
    {
      name: "an object, less what Google has no member for",
      from: {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        title: "T",
        description: "D",
        properties: { a: { type: "integer", default: 1, minimum: 0, multipleOf: 2 } },
        required: ["a", "gone"],
        additionalProperties: false,
      },
      to: {
        type: "OBJECT",
        title: "T",
        description: "D",
        properties: { a: { type: "INTEGER", default: 1, minimum: 0 } },
        required: ["a"],
      },
    },
    {
      name: "references, with what stands beside them",
      from: {
        type: "object",
        properties: { home: { $ref: "#/$defs/a~1b", description: "Home" } },
        $defs: { "a/b": { type: "string", description: "Address" } },
      },
      to: { type: "OBJECT", properties: { home: { type: "STRING", description: "Home" } } },
    },
    {
      name: "references that lead back, to a depth of two",
      from: tree,
      to: {
        type: "OBJECT",
        properties: {
          value: { type: "STRING" },
          next: {
            type: "OBJECT",
            properties: {
              value: { type: "STRING" },
              next: { type: "OBJECT", description: "As above." },
            },
          },
        },
      },
    },
    {
      name: "a reference to nothing",
      from: { $ref: "#/nope", type: "boolean" },
      to: { type: "BOOLEAN" },
    },
    { name: "const as an enum", from: { const: "a" }, to: { type: "STRING", enum: ["a"] } },
    {
      name: "an enum of texts, less the empty one, with null",
      from: { type: ["string", "null"], enum: ["a", "", null] },
      to: { type: "STRING", enum: ["a"], nullable: true },
    },
    {
      name: "an enum of numbers in words",
      from: { enum: [1, 2], description: "Size." },
      to: { type: "INTEGER", description: "Size. One of: 1, 2." },
    },
    {
      name: "an enum of texts and numbers in words",
      from: { enum: ["auto", 1] },
      to: { type: "STRING", description: 'One of: "auto", 1.' },
    },
    {
      name: "a list of types as a union",
      from: { type: ["string", "integer"], description: "Id" },
      to: {
        anyOf: [
          { type: "STRING", description: "Id" },
          { type: "INTEGER", description: "Id" },
        ],
      },
    },
    {
      name: "null in a list of types as nullable",
      from: { type: ["number", "null"], default: null },
      to: { type: "NUMBER", nullable: true },
    },
    {
      name: "an optional reference, as Pydantic writes it",
      from: {
        anyOf: [{ $ref: "#/$defs/A" }, { type: "null" }],
        default: null,
        title: "A",
        $defs: { A: { type: "object", properties: { x: { type: "string" } } } },
      },
      to: { type: "OBJECT", title: "A", properties: { x: { type: "STRING" } }, nullable: true },
    },
    {
      name: "oneOf as anyOf, alone in its schema",
      from: {
        description: "Shape",
        oneOf: [{ const: "circle" }, { type: "null" }, { type: "number", description: "Sides" }],
      },
      to: {
        anyOf: [
          { type: "STRING", enum: ["circle"], description: "Shape", nullable: true },
          { type: "NUMBER", description: "Sides", nullable: true },
        ],
      },
    },
    {
      name: "a union within a union, with what stands beside them",
      from: {
        description: "D",
        anyOf: [{ type: "null" }, { type: ["string", "number"] }, { type: "boolean" }],
      },
      to: {
        anyOf: [
          {
            anyOf: [
              { type: "STRING", description: "D", nullable: true },
              { type: "NUMBER", description: "D", nullable: true },
            ],
          },
          { type: "BOOLEAN", description: "D", nullable: true },
        ],
      },
    },
    {
      name: "allOf as one",
      from: {
        allOf: [
          { $ref: "#/$defs/A" },
          { properties: { b: { type: "string" } }, required: ["b"] },
          { $ref: "#/$defs/C" },
        ],
        description: "Both",
        $defs: {
          A: { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
          C: { type: "object", properties: { c: { type: "string" } } },
        },
      },
      to: {
        type: "OBJECT",
        description: "Both",
        properties: { a: { type: "STRING" }, b: { type: "STRING" }, c: { type: "STRING" } },
        required: ["a", "b"],
      },
    },
    {
      name: "an array",
      from: { type: "array", items: { type: "string" }, minItems: 1, uniqueItems: true },
      to: { type: "ARRAY", items: { type: "STRING" }, minItems: 1 },
    },
    {
      name: "an array of anything",
      from: { type: "array" },
      to: { type: "ARRAY", items: { type: "STRING" } },
      lossy: true,
    },
    {
      name: "a tuple",
      from: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }] },
      to: { type: "ARRAY", items: { anyOf: [{ type: "STRING" }, { type: "NUMBER" }] } },
      lossy: true,
    },
    {
      name: "a map",
      from: { type: "object", additionalProperties: { type: "string" } },
      to: { type: "OBJECT" },
      lossy: true,
    },
    {
      name: "anything",
      from: { description: "D" },
      to: { type: "STRING", description: "D" },
      lossy: true,
    },
    {
      name: "formats it knows, and others in words",
      from: {
        type: "object",
        properties: {
          at: { type: "string", format: "date-time" },
          mail: { type: "string", format: "email" },
        },
      },
      to: {
        type: "OBJECT",
        properties: {
          at: { type: "STRING", format: "date-time" },
          mail: { type: "STRING", description: "Format: email." },
        },
      },
    },
    {
      name: "exclusive bounds of integers",
      from: { type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10 },
      to: { type: "INTEGER", minimum: 1, maximum: 9 },
    },
    {
      name: "properties that are called like keywords",
      from: { type: "object", properties: { $ref: { type: "string" }, anyOf: { const: "x" } } },
      to: {
        type: "OBJECT",
        properties: { $ref: { type: "STRING" }, anyOf: { type: "STRING", enum: ["x"] } },
      },
    },
  ])("says $name", ({ from, to, lossy = false }) => {
    expect(convertSchema(from)).toEqual({ schema: to, lossy });
  });

  it("gives any schema a type or a union, and no member Google refuses", () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        check(convertSchema({ type: "object", properties: schema }).schema);
      }),
    );
  });

  it("ends with references that multiply", () => {
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`p${at}`, { $ref: `#/$defs/d${at % 5}` }]),
    );
    const object = { type: "object", properties: many };
    const $defs = { d0: object, d1: object, d2: object, d3: object, d4: object };
    expect(JSON.stringify(convertSchema({ ...object, $defs })).length).toBeLessThan(1_000_000);
    expect(JSON.stringify(inlineReferences({ ...object, $defs })).length).toBeLessThan(2_000_000);
  });
});

describe("inlineReferences()", () => {
  it("writes references out, and leaves everything else", () => {
    const inlined = inlineReferences({
      $schema: "x",
      type: "object",
      properties: {
        definitions: { $ref: "#/definitions/A", description: "D" },
        map: { type: "object", additionalProperties: { $ref: "#/definitions/A" } },
      },
      definitions: { A: { type: "string", maxLength: 3 } },
    });
    expect(inlined).toEqual({
      type: "object",
      properties: {
        definitions: { type: "string", maxLength: 3, description: "D" },
        map: { type: "object", additionalProperties: { type: "string", maxLength: 3 } },
      },
    });
  });

  it("ends where references lead back", () => {
    expect(JSON.stringify(inlineReferences(tree))).not.toContain("$ref");
  });
});

const keyword = fc.constantFrom(
  "type",
  "properties",
  "items",
  "anyOf",
  "oneOf",
  "allOf",
  "$ref",
  "enum",
  "const",
  "additionalProperties",
  "prefixItems",
  "required",
  "format",
  "description",
  "nullable",
);
const anySchema = fc.letrec<{ node: Record<string, unknown>; value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("string", "object", "null", "array", "#", "#/properties/a", "", 1, true, null),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("node"),
  ),
  node: fc.dictionary(fc.oneof(keyword, fc.constantFrom("a", "b")), tie("value"), { maxKeys: 5 }),
})).node;

const known = new Set([
  ..."type title description nullable enum format items properties required anyOf default".split(
    " ",
  ),
  ..."minItems maxItems minLength maxLength minProperties maxProperties".split(" "),
  ..."minimum maximum pattern example propertyOrdering".split(" "),
]);

function check(node: unknown): void {
  if (!isRecord(node)) throw new Error(`not a schema: ${JSON.stringify(node)}`);
  for (const name of Object.keys(node)) expect(known).toContain(name);
  if ("anyOf" in node) {
    expect(Object.keys(node)).toEqual(["anyOf"]);
    (node["anyOf"] as unknown[]).forEach(check);
    return;
  }
  expect(node["type"]).toMatch(/^[A-Z]+$/);
  if (node["enum"] !== undefined) expect(node["type"]).toBe("STRING");
  if (node["type"] === "ARRAY") check(node["items"]);
  for (const property of Object.values((node["properties"] ?? {}) as object)) check(property);
}
