import { isRecord, jsonText, recordOf } from "@headgate/core";
import type { JsonSchema } from "../../chat/chat-request.ts";
import { type References, resolveReference } from "./schema-references.ts";

export interface ConvertedSchema {
  /** Google's `Schema`: https://ai.google.dev/api/caching#Schema */
  readonly schema: Record<string, unknown>;
  /** It allows less, or asks for less, than the JSON Schema: a map, a tuple, a value of any type. */
  readonly lossy: boolean;
}

/**
 * A JSON Schema in the words of Google's `Schema`, a part of OpenAPI's that every Gemini model
 * takes, and that rejects a whole request for one member too many: no references, no lists of
 * types, `null` as `nullable`, unions with nothing beside them, enums of texts only. What has no
 * word there is told to the model in the description.
 */
export function convertSchema(schema: JsonSchema): ConvertedSchema {
  const context: Context = { references: { root: schema, open: [] }, budget: { nodes: nodesMax } };
  const converted = convert(schema, context);
  return { schema: converted, lossy: context.budget.lossy === true };
}

/** Nodes of the schema once its references are written out. Vendors allow far fewer. */
const nodesMax = 5_000;

interface Context {
  readonly references: References;
  readonly budget: { nodes: number; lossy?: true };
}

type Node = Record<string, unknown>;

function convert(value: unknown, context: Context): Node {
  if (!isRecord(value)) return anything(context);
  if (context.budget.nodes-- <= 0) return { type: "STRING" };
  if (typeof value["$ref"] === "string") return convertReference(value, value["$ref"], context);
  if (Array.isArray(value["allOf"])) return convertAll(value, value["allOf"], context);
  const union = value["anyOf"] ?? value["oneOf"];
  if (Array.isArray(union)) return convertUnion(value, union, context);
  if (Array.isArray(value["type"])) return convertTypes(value, value["type"], context);
  return convertPlain(value, context);
}

function convertReference(value: JsonSchema, reference: string, context: Context): Node {
  const { $ref: _, ...beside } = value;
  const target = resolveReference(reference, context.references);
  if (target === "recursive") {
    // As deep as any answer needs to go; from here on the model is left to itself.
    return { type: "OBJECT", description: noted(beside["description"], "As above.") };
  }
  if (target === undefined) return convert(beside, context);
  const references = { ...context.references, open: [...context.references.open, reference] };
  return convert({ ...target, ...beside }, { ...context, references });
}

/** All of these at once, as one schema: Google has no word for it. */
function convertAll(value: JsonSchema, parts: readonly unknown[], context: Context): Node {
  const { allOf: _, ...own } = value;
  const open = [...context.references.open];
  const resolved = [...parts, own].filter(isRecord).map((part) => {
    const { $ref: reference, ...beside } = part;
    if (typeof reference !== "string") return part;
    const target = resolveReference(reference, context.references);
    open.push(reference);
    return target === "recursive" ? { type: "object", ...beside } : { ...target, ...beside };
  });
  const references = { ...context.references, open };
  return convert(resolved.reduce<JsonSchema>(mergeTwo, {}), { ...context, references });
}

function mergeTwo(one: JsonSchema, other: JsonSchema): JsonSchema {
  const properties = { ...recordOf(one["properties"]), ...recordOf(other["properties"]) };
  const required = [...list(one["required"]), ...list(other["required"])];
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

function convertUnion(value: JsonSchema, union: readonly unknown[], context: Context): Node {
  const { anyOf: _, oneOf: __, ...outer } = value;
  const { description, title: ___, default: _initial, ...shared } = outer;
  const members = union.filter((member) => !isNull(member));
  const nullable = members.length < union.length || value["nullable"] === true;
  const [first] = members;
  if (members.length === 1 && isRecord(first)) {
    const only = convert({ ...first, ...outer }, context);
    return nullable ? withNull(only) : only;
  }
  if (members.length === 0) return convertPlain({ ...outer, type: "null" }, context);
  // "When using any_of, it must be the only field set": what is beside it goes into each.
  const anyOf = members.map((member) => {
    const inner = isRecord(member) ? { ...shared, ...member } : member;
    const converted = convert(inner, context);
    const described =
      typeof description === "string" ? withText(converted, description) : converted;
    return nullable ? withNull(described) : described;
  });
  return { anyOf };
}

function withText(node: Node, description: string): Node {
  if (!Array.isArray(node["anyOf"])) return { description, ...node };
  return { anyOf: node["anyOf"].map((member) => withText(member, description)) };
}

function withNull(node: Node): Node {
  if (Array.isArray(node["anyOf"])) return { anyOf: node["anyOf"].map(withNull) };
  // A default of null is what leaving it out means; the member wants a value of the type.
  const { default: initial, ...rest } = node;
  return {
    ...rest,
    ...(initial !== undefined && initial !== null && { default: initial }),
    nullable: true,
  };
}

function convertTypes(value: JsonSchema, types: readonly unknown[], context: Context): Node {
  const { type: _, ...rest } = value;
  const anyOf = types.map((type) => ({ type }));
  return convertUnion({ ...rest, anyOf }, anyOf, context);
}

function convertPlain(value: JsonSchema, context: Context): Node {
  const type = typeOf(value);
  if (type === undefined) return { ...anything(context), ...text(value) };
  if (type === "NULL") return { type: "STRING", nullable: true, ...text(value) };
  const node: Node = { type, ...text(value) };
  if (value["nullable"] === true) node["nullable"] = true;
  for (const name of plainMembers) if (value[name] !== undefined) node[name] = value[name];
  convertValues(node, value);
  convertFormat(node, value["format"]);
  if (type === "OBJECT") convertObject(node, value, context);
  if (type === "ARRAY") convertArray(node, value, context);
  if (type === "INTEGER" || type === "NUMBER") convertBounds(node, value);
  return node;
}

const plainMembers = [
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "minProperties",
  "maxProperties",
  "minimum",
  "maximum",
  "pattern",
  "default",
  "example",
  "propertyOrdering",
] as const;

function text(value: JsonSchema): Node {
  const { title, description } = value;
  return {
    ...(typeof title === "string" && { title }),
    ...(typeof description === "string" && { description }),
  };
}

/** Enums are of texts; Google knows no other ("enum: only allowed for STRING type"). */
function convertValues(node: Node, value: JsonSchema): void {
  const values = valuesOf(value);
  if (values === undefined) return;
  if (values.includes(null)) node["nullable"] = true;
  const wanted = values.filter((each) => each !== null && each !== "");
  if (wanted.length === 0) return;
  if (node["type"] === "STRING" && wanted.every((each) => typeof each === "string")) {
    node["enum"] = wanted;
    return;
  }
  const known = wanted.map((each) => JSON.stringify(each)).join(", ");
  node["description"] = noted(node["description"], `One of: ${known}.`);
}

function convertFormat(node: Node, format: unknown): void {
  if (typeof format !== "string") return;
  if (formats.get(jsonText(node["type"]))?.includes(format)) node["format"] = format;
  else node["description"] = noted(node["description"], `Format: ${format}.`);
}

/** "only 'enum' and 'date-time' are supported for STRING type" */
const formats = new Map([
  ["STRING", ["enum", "date-time"]],
  ["NUMBER", ["float", "double"]],
  ["INTEGER", ["int32", "int64"]],
]);

function convertObject(node: Node, value: JsonSchema, context: Context): void {
  const properties = Object.entries(recordOf(value["properties"]));
  if (isRecord(value["additionalProperties"]) || isRecord(value["patternProperties"])) {
    context.budget.lossy = true;
  }
  if (properties.length === 0) return;
  node["properties"] = Object.fromEntries(
    properties.map(([name, property]) => [name, convert(property, context)]),
  );
  const required = list(value["required"]).filter((name) => properties.some(([n]) => n === name));
  if (required.length > 0) node["required"] = [...new Set(required)];
}

function convertArray(node: Node, value: JsonSchema, context: Context): void {
  const { items } = value;
  const tuple = Array.isArray(items) ? items : list(value["prefixItems"]);
  if (tuple.length > 0) {
    context.budget.lossy = true;
    node["items"] = convertUnion({}, tuple, context);
    return;
  }
  node["items"] = isRecord(items) ? convert(items, context) : anything(context);
}

function convertBounds(node: Node, value: JsonSchema): void {
  const { exclusiveMinimum: above, exclusiveMaximum: below } = value;
  // Between two numbers there is always another; between two integers there is not.
  const step = node["type"] === "INTEGER" ? 1 : 0;
  if (typeof above === "number") node["minimum"] ??= above + step;
  if (typeof below === "number") node["maximum"] ??= below - step;
}

/** Any value at all: there is no schema for it, and one without a type is refused. */
function anything(context: Context): Node {
  context.budget.lossy = true;
  return { type: "STRING" };
}

function typeOf(value: JsonSchema): string | undefined {
  const { type } = value;
  if (typeof type === "string" && types.has(type.toUpperCase())) return type.toUpperCase();
  if (isRecord(value["properties"])) return "OBJECT";
  if (value["items"] !== undefined || value["prefixItems"] !== undefined) return "ARRAY";
  const sample = valuesOf(value)?.find((each) => each !== null);
  if (typeof sample === "string") return "STRING";
  if (typeof sample === "boolean") return "BOOLEAN";
  if (typeof sample === "number") return Number.isInteger(sample) ? "INTEGER" : "NUMBER";
  return undefined;
}

const types = new Set(["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"]);

function valuesOf(value: JsonSchema): readonly unknown[] | undefined {
  if ("const" in value) return [value["const"]];
  return Array.isArray(value["enum"]) ? value["enum"] : undefined;
}

function isNull(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (value["type"] === "null") return true;
  const values = valuesOf(value);
  return values !== undefined && values.length > 0 && values.every((each) => each === null);
}

function noted(description: unknown, note: string): string {
  return typeof description === "string" && description !== "" ? `${description} ${note}` : note;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
