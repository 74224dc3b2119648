import { isRecord } from "@headgate/core";
import type { ChatRequest, FunctionTool, JsonSchema } from "../chat/chat-request.ts";

/**
 * How OpenAI shows functions to the model is told only as these sums:
 * https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
const tokensPerTool = 7;
const tokensPerProperties = 3;
const tokensPerProperty = 3;
const tokensPerEnum = -3;
const tokensPerEnumItem = 3;
const tokensOfAllTools = 12;

/** Schemas within schemas that are followed. */
const depthMax = 8;

/** What is counted by the texts of toolTexts() is not among it. */
export function toolTokens({ tools }: ChatRequest): number {
  const functions = functionsOf(tools);
  if (functions.length === 0) return 0;
  return functions.reduce(
    (sum, { parameters }) => sum + tokensPerTool + schemaTokens(parameters, 0),
    tokensOfAllTools,
  );
}

/** All that the model is told of functions, and of the form of its answer. */
export function toolTexts({ tools, format }: ChatRequest): readonly string[] {
  const texts = functionsOf(tools).flatMap(({ name, description = "", parameters }) => [
    `${name}:${description.replace(/\.$/, "")}`,
    ...schemaTexts(parameters, 0),
  ]);
  return format?.type === "json_schema" ? [...texts, JSON.stringify(format.schema)] : texts;
}

function functionsOf(tools: ChatRequest["tools"]): readonly FunctionTool[] {
  return tools.filter((tool) => tool.type === "function");
}

function schemaTokens(schema: unknown, depth: number): number {
  const properties = propertiesOf(schema, depth);
  if (properties.length === 0) return 0;
  return properties.reduce(
    (sum, [, property]) =>
      sum + tokensPerProperty + enumTokens(property) + schemaTokens(property, depth + 1),
    tokensPerProperties,
  );
}

function enumTokens(property: unknown): number {
  const items = enumOf(property);
  return items.length === 0 ? 0 : tokensPerEnum + tokensPerEnumItem * items.length;
}

function schemaTexts(schema: unknown, depth: number): readonly string[] {
  return propertiesOf(schema, depth).flatMap(([key, property]) => {
    const { type, description } = isRecord(property) ? property : {};
    const told = typeof description === "string" ? description.replace(/\.$/, "") : "";
    const own = `${key}:${typeof type === "string" ? type : ""}:${told}`;
    return [own, ...enumOf(property), ...schemaTexts(property, depth + 1)];
  });
}

/** Of an object, or of the objects in an array. */
function propertiesOf(schema: unknown, depth: number): readonly (readonly [string, unknown])[] {
  if (!isRecord(schema) || depth >= depthMax) return [];
  const { properties, items } = schema as JsonSchema & { properties?: unknown; items?: unknown };
  if (isRecord(properties)) return Object.entries(properties);
  return items === undefined ? [] : propertiesOf(items, depth + 1);
}

function enumOf(property: unknown): readonly string[] {
  const items = isRecord(property) ? property["enum"] : undefined;
  return Array.isArray(items) ? items.map(String) : [];
}
