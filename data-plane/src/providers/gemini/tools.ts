import type { ChatRequest, FunctionTool, JsonSchema } from "../../chat/chat-request.ts";
import type { Dropped, DroppedName } from "../dropped.ts";
import type { ModelFamily } from "./model-family.ts";
import { convertSchema } from "./schema.ts";
import { inlineReferences } from "./schema-references.ts";

export interface GeminiTools {
  readonly tools?: readonly unknown[];
  readonly toolConfig?: unknown;
  readonly dropped: Dropped;
}

/** @param extra tools that Google runs, from elsewhere in the request. */
export function geminiTools(
  { tools, toolChoice }: Pick<ChatRequest, "tools" | "toolChoice">,
  extra: readonly unknown[],
  family: ModelFamily,
): GeminiTools {
  const dropped = new Set<DroppedName>();
  const native: unknown[] = [...extra];
  const functions: FunctionTool[] = [];
  for (const tool of tools) {
    if (tool.type === "function") functions.push(tool);
    else if (tool.dialect === "gemini") native.push(tool.value);
    else dropped.add("tools");
  }
  const offered = functions.filter(({ name }) => isOffered(name, toolChoice));
  if (functions.some(({ strict }) => strict)) dropped.add("tools.strict");
  const functionDeclarations = offered.map((tool) => declaration(tool, family));
  const all = [...(offered.length > 0 ? [{ functionDeclarations }] : []), ...native];
  const config = offered.length > 0 ? callingConfig(toolChoice) : undefined;
  return {
    ...(all.length > 0 && { tools: all }),
    ...(config && { toolConfig: { functionCallingConfig: config } }),
    dropped,
  };
}

type Choice = ChatRequest["toolChoice"];

/** Names can only be allowed where a call is required; where it is not, the others are not offered. */
function isOffered(name: string, choice: Choice): boolean {
  if (choice?.type !== "allowed" || choice.mode === "required") return true;
  return choice.names.includes(name);
}

function declaration(tool: FunctionTool, family: ModelFamily): Record<string, unknown> {
  return {
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    ...(tool.parameters && parameters(tool.parameters, family)),
  };
}

/** An object without properties is no parameters at all: some models refuse the empty object. */
function parameters(schema: JsonSchema, family: ModelFamily): Record<string, unknown> {
  const converted = convertSchema({ type: "object", ...schema });
  if (converted.lossy && takesJsonSchema(family)) {
    return { parametersJsonSchema: inlineReferences({ type: "object", ...schema }) };
  }
  const { properties } = converted.schema;
  return properties === undefined && !converted.lossy ? {} : { parameters: converted.schema };
}

/**
 * Google's `Schema` is the form that every model, API version and Vertex location takes, so it is
 * used wherever it says the same; maps, tuples and values of any type only JSON Schema can say.
 * https://ai.google.dev/gemini-api/docs/structured-output#json_schema_support
 */
export function takesJsonSchema({ generation }: ModelFamily): boolean {
  return generation >= 2.5;
}

function callingConfig(choice: Choice): Record<string, unknown> | undefined {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case "auto":
      return { mode: "AUTO" };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "function":
      return { mode: "ANY", allowedFunctionNames: [choice.name] };
    case "allowed":
      if (choice.mode === "auto") return { mode: "AUTO" };
      return { mode: "ANY", allowedFunctionNames: choice.names };
  }
}
