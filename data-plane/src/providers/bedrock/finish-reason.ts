import type { FinishReason } from "../../chat/chat-event.ts";

/**
 * Undefined for an answer that is none: the model wrote what can't be read.
 *
 * @param calls tool calls of the answer, those we made up (`answer-format.ts`) not counted. Some
 * models end their turn although they call.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (stopReason)
 */
export function finishReason(native: string, calls: number): FinishReason | undefined {
  switch (native) {
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "content_filtered":
    case "guardrail_intervened":
    case "refusal":
      return "content_filter";
    case "malformed_model_output":
    case "malformed_tool_use":
      return undefined;
    default:
      return calls > 0 ? "tool_calls" : "stop";
  }
}
