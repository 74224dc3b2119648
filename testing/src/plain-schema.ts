import { isRecord } from "@headgate/core";

export type Json = Readonly<Record<string, unknown>>;

/**
 * JSON Schema out of what OpenAPI adds to it: `nullable` said its way, no `discriminator`. Members
 * of an object may have these names too: then they are schemas.
 */
export function plainSchema(node: unknown, schemas: Json): unknown {
  if (Array.isArray(node)) return node.map((item) => plainSchema(item, schemas));
  if (!isRecord(node)) return node;
  const kept = Object.entries(node).filter(
    ([name, value]) => !(name === "nullable" && typeof value === "boolean") && !isTag(name, value),
  );
  const entries = kept.map(([name, value]) => [name, plainSchema(value, schemas)] as const);
  const plain = byType(Object.fromEntries(entries), schemas);
  return node["nullable"] === true ? { anyOf: [plain, { type: "null" }] } : plain;
}

function isTag(name: string, value: unknown): boolean {
  return name === "discriminator" && isRecord(value) && typeof value["propertyName"] === "string";
}

/**
 * A union whose members each have types of their own, said as "if it is of this type, then it is
 * that": a union would complain for all the members that were never meant.
 */
function byType(schema: Json, schemas: Json): Json {
  const { anyOf, oneOf, ...rest } = schema;
  const members = anyOf ?? oneOf;
  if (!Array.isArray(members) || members.length < 2) return schema;
  const types = members.map((member) => typesOf(member, schemas));
  const all = types.flat();
  if (types.some(({ length }) => length === 0) || new Set(all).size < all.length) return schema;
  const choices = members.map((member, index) => ({
    if: { properties: { type: { enum: types[index] } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: member,
  }));
  return {
    ...rest,
    required: ["type"],
    properties: { type: { enum: all } },
    allOf: choices,
  };
}

/** The values that `type` may have in it; empty where it may be without, or anything. */
function typesOf(schema: unknown, schemas: Json): readonly unknown[] {
  if (!isRecord(schema)) return [];
  const name = typeof schema["$ref"] === "string" ? schema["$ref"].split("/").at(-1) : undefined;
  if (name !== undefined) return typesOf(schemas[name], schemas);
  const members = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(members)) {
    const types = members.map((member) => typesOf(member, schemas));
    return types.some(({ length }) => length === 0) ? [] : types.flat();
  }
  const type = valueAt(schema, ["properties", "type", "enum"]);
  return Array.isArray(type) ? type : [];
}

export function valueAt(start: unknown, steps: readonly string[]): unknown {
  let value = start;
  for (const step of steps) value = isRecord(value) ? value[step] : undefined;
  return value;
}
