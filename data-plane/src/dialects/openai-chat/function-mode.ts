import type { FinishReason } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";

/**
 * The client asked with `functions`, as before there were tools: it looks for
 * `function_call` in the answer, and knows no `tool_calls`.
 */
export interface FunctionsRequest extends ChatRequest {
  readonly asksWithFunctions: true;
}

export function asksWithFunctions(request: ChatRequest): boolean {
  return "asksWithFunctions" in request;
}

export function writeFinish(reason: FinishReason, functions: boolean): string {
  return functions && reason === "tool_calls" ? "function_call" : reason;
}
