import type { FinishReason } from "../../chat/chat-event.ts";

/**
 * Why an answer ended, from the words that OpenAI-compatible servers have for it. A word no one
 * knows is an end like any other.
 */
export function finishReason(word: string): FinishReason {
  return words.get(word.toLowerCase().replaceAll("-", "_")) ?? "stop";
}

const words: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ...row("stop", "stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed"),
  ...row("length", "length", "max_tokens", "max_length", "model_length", "max_output_tokens"),
  ...row("length", "max_new_tokens", "context_length", "model_context_window_exceeded"),
  // DeepSeek's word for an answer that it had to cut short.
  ...row("length", "insufficient_system_resource"),
  ...row("tool_calls", "tool_calls", "tool_call", "tool_use", "function_call"),
  ...row("content_filter", "content_filter", "content_filtered", "safety", "sensitive", "refusal"),
  ...row("content_filter", "recitation", "prohibited_content", "blocklist", "spii"),
  ...row("content_filter", "guardrail_intervened"),
]);

function row(reason: FinishReason, ...names: readonly string[]): [string, FinishReason][] {
  return names.map((name) => [name, reason]);
}
