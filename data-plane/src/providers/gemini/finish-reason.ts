import type { FinishReason } from "../../chat/chat-event.ts";

/**
 * Gemini's reasons in OpenAI's words; "error": what came is no answer.
 * https://ai.google.dev/api/generate-content#FinishReason
 */
export function finishReason(native: string, hasCalls: boolean): FinishReason | "error" {
  const reason = reasons.get(native) ?? "stop";
  // Calls are what the client is to go on with, whatever else Gemini calls it.
  return reason === "stop" && hasCalls ? "tool_calls" : reason;
}

const reasons = new Map<string, FinishReason | "error">([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["CONTINUATION", "length"],
  ["SAFETY", "content_filter"],
  ["RECITATION", "content_filter"],
  ["LANGUAGE", "content_filter"],
  ["BLOCKLIST", "content_filter"],
  ["PROHIBITED_CONTENT", "content_filter"],
  ["SPII", "content_filter"],
  ["MODEL_ARMOR", "content_filter"],
  ["IMAGE_SAFETY", "content_filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content_filter"],
  ["IMAGE_RECITATION", "content_filter"],
  ["IMAGE_OTHER", "content_filter"],
  // Cut off for reasons Google keeps to itself.
  ["OTHER", "content_filter"],
  ["MALFORMED_FUNCTION_CALL", "error"],
  ["MALFORMED_RESPONSE", "error"],
  ["UNEXPECTED_TOOL_CALL", "error"],
  ["TOO_MANY_TOOL_CALLS", "error"],
  ["MISSING_THOUGHT_SIGNATURE", "error"],
]);
