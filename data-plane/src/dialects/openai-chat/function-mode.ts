import type { FinishReason } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";

/**
 * Whether the client asked with `functions`, as before there were tools: it looks for
 * `function_call` in the answer, and knows no `tool_calls`.
 */
export function asksWithFunctions({ more }: ChatRequest): boolean {
  return more.dialect === "openai" && "functions" in more.members;
}

export function writeFinish(reason: FinishReason, functions: boolean): string {
  return functions && reason === "tool_calls" ? "function_call" : reason;
}
