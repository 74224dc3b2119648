import type { ChatRequest, FunctionTool } from "../../chat/chat-request.ts";
import type { Dropped } from "../dropped.ts";
import type { Json } from "./json.ts";

/**
 * Ollama has no choice of tools: what the client may not call is not shown to the model, and that
 * it must call can't be said.
 */
export function ollamaTools(request: ChatRequest, dropped: Dropped): Json {
  const { toolChoice: choice } = request;
  const functions = request.tools.filter((tool) => tool.type === "function");
  if (functions.length < request.tools.length) dropped.add("tools");
  if (functions.some((tool) => tool.strict)) dropped.add("tools.strict");
  const must = choice?.type === "required" || choice?.type === "function";
  if (must || (choice?.type === "allowed" && choice.mode === "required"))
    dropped.add("tool_choice");
  const tools = functions.filter(({ name }) => isOffered(name, choice)).map(toolOf);
  return tools.length > 0 ? { tools } : {};
}

function isOffered(name: string, choice: ChatRequest["toolChoice"]): boolean {
  switch (choice?.type) {
    case "none":
      return false;
    case "function":
      return name === choice.name;
    case "allowed":
      return choice.names.includes(name);
    default:
      return true;
  }
}

function toolOf({ name, description, parameters }: FunctionTool): Json {
  const noParameters = { type: "object", properties: {} };
  return {
    type: "function",
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: parameters ?? noParameters,
    },
  };
}
