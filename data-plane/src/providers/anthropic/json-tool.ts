import type { ChatRequest } from "../../chat/chat-request.ts";

/**
 * Models without structured outputs are made to call a tool whose arguments are the answer. The
 * readers take a call of it for text.
 */
export const jsonToolName = "write_json_answer";

export function jsonTool({ format }: ChatRequest): {
  readonly name: string;
  readonly [member: string]: unknown;
} {
  const schema = format?.type === "json_schema" ? format : undefined;
  return {
    name: jsonToolName,
    description: schema?.description ?? "Give the answer by calling this tool.",
    input_schema: { type: "object", ...schema?.schema },
  };
}

/** Whether a call is no call, but the answer that was asked for. */
export function isJsonTool(name: string, { format, tools }: ChatRequest): boolean {
  if (name !== jsonToolName || format?.type !== "json_schema") return false;
  return !tools.some((tool) => tool.type === "function" && tool.name === name);
}
