import { isRecord, jsonText } from "@headgate/core";
import type { ChatRequest, FunctionTool, OpaquePart, ToolChoice } from "../../chat/chat-request.ts";
import { type Block, type BlockContext, cacheControl, nativeMembers } from "./blocks.ts";
import type { ClaudeTraits } from "./claude-traits.ts";
import { jsonTool } from "./json-tool.ts";
import { outputSchema } from "./output-schema.ts";

export interface ToolsPlan {
  readonly tools: readonly Block[];
  readonly toolChoice: Block | undefined;
}

export interface ToolsOptions {
  readonly traits: ClaudeTraits;
  readonly context: BlockContext;
  /** The format is asked for by a tool that has to be called. */
  readonly jsonTool: boolean;
  /** Thoughts with a budget and a demanded call exclude each other. */
  readonly mayForce: boolean;
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
export function planTools(request: ChatRequest, options: ToolsOptions): ToolsPlan {
  const own = request.tools.flatMap((tool) => toolBlock(tool, options));
  const allowed = allowedTools(own, request.toolChoice);
  if (options.jsonTool) return jsonPlan(request, allowed);
  if (allowed.length === 0) return calledBefore(request, options);
  const choice = choiceOf(request.toolChoice, options);
  return { tools: allowed, toolChoice: withParallel(choice, request) };
}

function toolBlock(tool: FunctionTool | OpaquePart, { traits, context }: ToolsOptions): Block[] {
  if (tool.type === "opaque") {
    if (tool.dialect === "anthropic" && isRecord(tool.value)) return [tool.value];
    context.dropped.add("tools");
    return [];
  }
  const { name, description, strict, cache, more } = tool;
  const schema = inputSchema(tool.parameters);
  const closed = strict && !context.native ? outputSchema(schema) : schema;
  const keepsStrict = traits.structuredOutputs && closed !== undefined;
  if (strict && !keepsStrict) context.dropped.add("tools.strict");
  return [
    {
      name,
      ...(description !== undefined && { description }),
      input_schema: keepsStrict ? closed : schema,
      ...(strict !== undefined && keepsStrict && { strict }),
      ...cacheControl(cache),
      ...nativeMembers(more),
    },
  ];
}

function inputSchema(parameters: FunctionTool["parameters"]): Block {
  if (parameters === undefined) return { type: "object", properties: {} };
  return parameters["type"] === undefined ? { type: "object", ...parameters } : parameters;
}

function allowedTools(tools: readonly Block[], choice: ToolChoice | undefined): readonly Block[] {
  if (choice?.type !== "allowed") return tools;
  return tools.filter(({ name }) => choice.names.includes(jsonText(name)));
}

function choiceOf(
  choice: ToolChoice | undefined,
  { traits, mayForce, context }: ToolsOptions,
): Block | undefined {
  const wanted = wantedChoice(choice);
  const forced = wanted?.["type"] === "any" || wanted?.["type"] === "tool";
  if (!forced || (mayForce && traits.forcedTools)) return wanted;
  context.dropped.add("tool_choice");
  return { type: "auto" };
}

function wantedChoice(choice: ToolChoice | undefined): Block | undefined {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case "auto":
    case "none":
      return { type: choice.type };
    case "required":
      return { type: "any" };
    case "function":
      return { type: "tool", name: choice.name };
    case "allowed":
      return { type: choice.mode === "required" ? "any" : "auto" };
  }
}

function withParallel(choice: Block | undefined, request: ChatRequest): Block | undefined {
  if (request.parallelToolCalls !== false || choice?.["type"] === "none") return choice;
  return { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true };
}

/** One of the client's tools may be called instead of the one that takes the answer. */
function jsonPlan(request: ChatRequest, tools: readonly Block[]): ToolsPlan {
  const answer = jsonTool(request);
  const calls = tools.length > 0 && request.toolChoice?.type !== "none";
  const choice = calls ? { type: "any" } : { type: "tool", name: answer.name };
  const plan = withParallel(choice, request) ?? choice;
  return { tools: [...tools, answer], toolChoice: plan };
}

/**
 * Calls in the conversation must be of tools that the request has; OpenAI's clients may have left
 * them out when no more of them are wanted.
 */
function calledBefore(request: ChatRequest, { context }: ToolsOptions): ToolsPlan {
  if (context.native) return { tools: [], toolChoice: undefined };
  const names = request.messages
    .flatMap((message) => (message.role === "assistant" ? message.content : []))
    .flatMap((part) => (part.type === "tool-call" ? [part.name] : []));
  const tools = [...new Set(names)].map((name) => ({ name, input_schema: inputSchema(undefined) }));
  return { tools, toolChoice: tools.length > 0 ? { type: "none" } : undefined };
}
