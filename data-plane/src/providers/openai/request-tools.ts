import type { ChatRequest, FunctionTool, Tool, ToolChoice } from "../../chat/chat-request.ts";
import type { DroppedName } from "../dropped.ts";
import type { ServerKind } from "./server-kind.ts";

interface Tools {
  readonly members: Readonly<Record<string, unknown>>;
  readonly dropped: readonly DroppedName[];
}

/** Tools and what is said of them; without tools, OpenAI refuses a word about them. */
export function writeTools(request: ChatRequest, kind: ServerKind): Tools {
  const tools = toolsOf(request, kind).flatMap(writeTool);
  const dropped: Tools["dropped"] = request.tools.some(isForeign) ? ["tools"] : [];
  if (tools.length === 0) return { members: {}, dropped };
  return {
    members: {
      tools,
      tool_choice: writeChoice(request.toolChoice, kind),
      parallel_tool_calls: request.parallelToolCalls,
    },
    dropped,
  };
}

/** Where a server knows no choice among some of the tools, it is not told of the others. */
function toolsOf({ tools, toolChoice }: ChatRequest, kind: ServerKind): readonly Tool[] {
  if (kind.newest || toolChoice?.type !== "allowed") return tools;
  const allowed = new Set(toolChoice.names);
  return tools.filter((tool) => tool.type !== "function" || allowed.has(tool.name));
}

/** A tool that another vendor runs itself. */
function isForeign(tool: Tool): boolean {
  return tool.type === "opaque" && tool.dialect !== "openai";
}

function writeTool(tool: Tool): readonly unknown[] {
  if (tool.type === "opaque") return isForeign(tool) ? [] : [tool.value];
  return [{ type: "function", function: writeFunction(tool) }];
}

function writeFunction({ name, description, parameters, strict, more }: FunctionTool): object {
  return {
    name,
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
    ...(more?.dialect === "openai" && more.members),
  };
}

function writeChoice(choice: ToolChoice | undefined, kind: ServerKind): unknown {
  if (choice === undefined) return undefined;
  switch (choice.type) {
    case "function":
      return { type: "function", function: { name: choice.name } };
    case "allowed": {
      const { mode, names } = choice;
      if (!kind.newest) return mode;
      const tools = names.map((name) => ({ type: "function", function: { name } }));
      return { type: "allowed_tools", allowed_tools: { mode, tools } };
    }
    default:
      return choice.type;
  }
}
