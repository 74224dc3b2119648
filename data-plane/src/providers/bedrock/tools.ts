import type { ChatRequest, FunctionTool, JsonSchema } from "../../chat/chat-request.ts";
import { outputSchema } from "../anthropic/output-schema.ts";
import type { FormatPlan } from "./answer-format.ts";
import type { Block, Translating } from "./block.ts";
import { cachePoint } from "./user-blocks.ts";
import { vendorTools } from "./vendor-tools.ts";

export interface ToolPlan {
  /** Absent: no tools. */
  readonly toolConfig?: Block;
  /** The model must call. */
  readonly forced: boolean;
  /** For additionalModelRequestFields. */
  readonly fields: Block;
}

/**
 * The tools, and which of them must be called. Bedrock wants a toolConfig as soon as the history
 * has a call; where the client names no tools any more, those of the history are declared by name.
 * There is no choice `none`: tools are left out instead, and named as dropped where they can't be.
 */
export function toolPlan(
  request: ChatRequest,
  format: FormatPlan,
  translating: Translating,
): ToolPlan {
  const { systemTools, fields } = vendorTools(request.tools, translating);
  const own = offered(request, translating);
  const specs = [...systemTools, ...own.flatMap((tool) => toolSpecs(tool, translating))];
  if (format.kind === "tool") specs.push(answerSpec(format));
  if (specs.length === 0) return { ...fromHistory(request, translating), forced: false, fields };
  const choice = toolChoice(request, format, translating);
  const single = singleCall(request, choice, translating);
  return {
    toolConfig: { tools: specs, ...(choice && { toolChoice: choice }) },
    forced: choice !== undefined,
    fields: { ...fields, ...single },
  };
}

/** The client's tools that may be called. */
function offered(request: ChatRequest, { traits }: Translating): readonly FunctionTool[] {
  const tools = request.tools.filter((tool) => tool.type === "function");
  const choice = request.toolChoice;
  switch (choice?.type) {
    case "none":
      return [];
    case "allowed":
      return tools.filter(({ name }) => choice.names.includes(name));
    // Where no single tool can be forced, one of one is.
    case "function":
      return traits.toolChoice === "any" ? tools.filter(({ name }) => name === choice.name) : tools;
    default:
      return tools;
  }
}

function toolSpecs(tool: FunctionTool, translating: Translating): readonly Block[] {
  const { name, description, parameters, strict } = tool;
  const { traits, dropped } = translating;
  const strictSchema =
    strict && traits.keepsSchemas ? outputSchema(objectSchema(parameters)) : undefined;
  if (strict && !strictSchema) dropped.add("tools.strict");
  const toolSpec = {
    name,
    ...(description && { description }),
    inputSchema: { json: strictSchema ?? objectSchema(parameters) },
    ...(strictSchema && { strict: true }),
  };
  return [{ toolSpec }, ...cachePoint(tool.cache, translating)];
}

/** The API wants an object at the top. */
function objectSchema(schema: JsonSchema | undefined): JsonSchema {
  if (!schema) return { type: "object", properties: {} };
  return schema["type"] === "object" ? schema : { ...schema, type: "object" };
}

function answerSpec({ name, format }: Extract<FormatPlan, { kind: "tool" }>): Block {
  const description = format.description || "Gives the final answer.";
  return { toolSpec: { name, description, inputSchema: { json: format.schema } } };
}

function fromHistory(
  { messages, tools, toolChoice }: ChatRequest,
  translating: Translating,
): { readonly toolConfig?: Block } {
  const parts = messages.flatMap((message) =>
    message.role === "assistant" ? message.content : [],
  );
  const called = new Set(parts.flatMap((part) => (part.type === "tool-call" ? [part.name] : [])));
  if (called.size === 0) return {};
  if (toolChoice?.type === "none") translating.dropped.add("tool_choice");
  const known = tools.filter((tool) => tool.type === "function");
  const specs = [...called].flatMap((name) =>
    toolSpecs(known.find((tool) => tool.name === name) ?? { type: "function", name }, translating),
  );
  return { toolConfig: { tools: specs } };
}

/** Undefined: as the model likes. */
function toolChoice(
  { toolChoice: choice, tools }: ChatRequest,
  format: FormatPlan,
  { traits, dropped }: Translating,
): Block | undefined {
  if (format.kind === "tool") {
    const alone = tools.length === 0 || choice?.type === "none";
    return alone && traits.toolChoice === "all" ? { tool: { name: format.name } } : { any: {} };
  }
  const required = choice?.type === "required" || choice?.type === "function";
  if (!required && !(choice?.type === "allowed" && choice.mode === "required")) return undefined;
  if (traits.toolChoice === "auto") {
    dropped.add("tool_choice");
    return undefined;
  }
  const named = choice.type === "function" && traits.toolChoice === "all";
  return named ? { tool: { name: choice.name } } : { any: {} };
}

/**
 * At most one call, on Claude since 4.5: Anthropic's own word, which Bedrock takes beside its own choice of tools, or
 * with a type where there is none. https://github.com/BerriAI/litellm/issues/36536
 */
function singleCall(
  { parallelToolCalls }: ChatRequest,
  choice: Block | undefined,
  { traits, dropped }: Translating,
): Block {
  if (parallelToolCalls !== false) return {};
  if (!traits.claude?.structuredOutputs) {
    dropped.add("parallel_tool_calls");
    return {};
  }
  return { tool_choice: { ...(!choice && { type: "auto" }), disable_parallel_tool_use: true } };
}
