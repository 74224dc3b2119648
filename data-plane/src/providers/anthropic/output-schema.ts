import { isRecord } from "@headgate/core";
import type { JsonSchema } from "../../chat/chat-request.ts";

/**
 * A schema as structured outputs take it: objects must be closed, and limits of numbers, lengths and
 * patterns are told to the model instead. Undefined where that would change what the schema means:
 * objects with members of any name, and schemas that contain themselves.
 *
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
export function outputSchema(schema: JsonSchema): JsonSchema | undefined {
  const definitions = isRecord(schema["$defs"]) ? schema["$defs"] : {};
  try {
    if (isRecursive(schema, definitions, [])) return undefined;
    const closed = close(schema, 0);
    return isRecord(closed) ? closed : undefined;
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

/** Whether following references comes back to where it started. */
function isRecursive(
  schema: unknown,
  definitions: Readonly<Record<string, unknown>>,
  path: readonly string[],
): boolean {
  if (Array.isArray(schema)) return schema.some((one) => isRecursive(one, definitions, path));
  if (!isRecord(schema)) return false;
  const reference = schema["$ref"];
  if (typeof reference === "string") {
    if (reference === "#" || path.includes(reference) || path.length > depthMax) return true;
    const target = definitions[reference.replace(/^#\/(?:\$defs|definitions)\//, "")];
    return isRecursive(target, definitions, [...path, reference]);
  }
  const members = Object.entries(schema).filter(
    ([key]) => key !== "$defs" && key !== "definitions",
  );
  return members.some(([, value]) => isRecursive(value, definitions, path));
}
