import { isRecord, recordOf } from "@headgate/core";
import type { JsonSchema } from "../../chat/chat-request.ts";

/**
 * A schema as structured outputs take it: objects must be closed, and limits of numbers, lengths and
 * patterns are told to the model instead. Undefined where that would change what the schema means:
 * objects with members of any name, and schemas that contain themselves.
 *
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
export function outputSchema(schema: JsonSchema): JsonSchema | undefined {
  try {
    const closed = close(schema, 0);
    return isRecord(closed) && !refersToItself(closed) ? closed : undefined;
  } catch (error) {
    if (error instanceof OpenSchema) return undefined;
    throw error;
  }
}

class OpenSchema extends Error {}

/** Deeper schemas are not looked into. */
const depthMax = 64;

function close(schema: unknown, depth: number): unknown {
  if (!isRecord(schema)) return schema;
  if (depth > depthMax) throw new OpenSchema();
  const closed: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (kept.has(key)) closed[key] = value;
    else if (mapsOfSchemas.has(key) && isRecord(value)) closed[key] = mapValues(value, depth);
    else if (listsOfSchemas.has(key) && Array.isArray(value)) {
      closed[key === "oneOf" ? "anyOf" : key] = value.map((one) => close(one, depth + 1));
    } else if (key === "items") closed[key] = close(value, depth + 1);
    else if (key === "minItems" && (value === 0 || value === 1)) closed[key] = value;
    else if (key !== "additionalProperties" && key !== "$schema") {
      told.push(`${key}: ${JSON.stringify(value)}`);
    }
  }
  if (isObject(schema)) closed["additionalProperties"] = closedObject(schema);
  if (told.length > 0) closed["description"] = describe(schema["description"], told);
  return closed;
}

const kept: ReadonlySet<string> = new Set([
  "type",
  "description",
  "title",
  "enum",
  "const",
  "default",
  "required",
  "format",
  "$ref",
]);
const mapsOfSchemas: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const listsOfSchemas: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf"]);

function mapValues(schemas: Readonly<Record<string, unknown>>, depth: number): object {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, close(schema, depth + 1)]),
  );
}

function isObject(schema: Readonly<Record<string, unknown>>): boolean {
  const { type } = schema;
  return (
    type === "object" || (Array.isArray(type) && type.includes("object")) || "properties" in schema
  );
}

function closedObject(schema: Readonly<Record<string, unknown>>): false {
  const more = schema["additionalProperties"];
  const free = isRecord(more) || more === true || !isRecord(schema["properties"]);
  if (free && more !== false) throw new OpenSchema();
  return false;
}

function describe(description: unknown, told: readonly string[]): string {
  const limits = `(${told.join(", ")})`;
  return typeof description === "string" && description !== ""
    ? `${description} ${limits}`
    : limits;
}

/** Whether following references comes back to where it started. Each definition is followed once. */
function refersToItself(schema: Readonly<Record<string, unknown>>): boolean {
  const definitions = { ...recordOf(schema["definitions"]), ...recordOf(schema["$defs"]) };
  const done = new Set<string>();
  const follow = (reference: string, path: readonly string[]): boolean => {
    if (path.includes(reference)) return true;
    if (done.has(reference)) return false;
    const target = definitions[reference.replace(/^#\/(?:\$defs|definitions)\//, "")];
    const onward = [...path, reference];
    if (referencesIn(target).some((one) => follow(one, onward))) return true;
    done.add(reference);
    return false;
  };
  return referencesIn(schema).some((one) => one === "#" || follow(one, ["#"]));
}

/** In a closed schema, which is no deeper than `depthMax`; not in its definitions. */
function referencesIn(schema: unknown): readonly string[] {
  if (!isRecord(schema)) return [];
  const { $ref: reference, properties, items, anyOf, allOf } = schema;
  if (typeof reference === "string") return [reference];
  const lists = [anyOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [...Object.values(recordOf(properties)), items, ...lists].flatMap(referencesIn);
}
