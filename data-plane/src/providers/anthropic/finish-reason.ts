import type { FinishReason } from "../../chat/chat-event.ts";

/**
 * Why Claude stopped, in OpenAI's words. A paused turn is not over, but the client has to go on with
 * it: `stop`. What is not known yet is taken for a natural end.
 * https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
 */
export function finishFromAnthropic(stopReason: string): FinishReason {
  return finishReasons.get(stopReason) ?? "stop";
}

const finishReasons: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["pause_turn", "stop"],
  ["compaction", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

/** The way back: Anthropic's own word where it was one, else the nearest. */
export function anthropicStopReason(finish: {
  readonly reason: FinishReason;
  readonly native?: string;
  readonly stopSequence?: string;
}): string {
  const { reason, native, stopSequence } = finish;
  if (native !== undefined && finishReasons.get(native) === reason) return native;
  if (stopSequence !== undefined && reason === "stop") return "stop_sequence";
  return stopReasons[reason];
}

const stopReasons: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
};
