import type { FinishReason } from "../../chat/chat-event.ts";

/** `stop`, `length`, or that a model was loaded or unloaded; for tool calls there is no word. */
export function finishReason(native: string, calls: number): FinishReason {
  if (native === "length") return "length";
  return calls > 0 ? "tool_calls" : "stop";
}
