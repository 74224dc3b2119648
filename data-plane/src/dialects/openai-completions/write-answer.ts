import type { AnswerChoice, ChatAnswer } from "../../chat/chat-answer.ts";
import type { FinishReason } from "../../chat/chat-event.ts";
import type { WriteContext } from "../dialect.ts";
import { writeUsage } from "../openai-chat/write-usage.ts";
import { legacyLogprobs } from "./legacy-logprobs.ts";

/**
 * A chat's answer as a legacy completion: text is all that it can show.
 * https://platform.openai.com/docs/api-reference/completions/object
 */
export function writeAnswer(
  answer: ChatAnswer,
  context: WriteContext,
): Readonly<Record<string, unknown>> {
  return {
    id: answer.id ?? `cmpl-${context.requestId}`,
    object: "text_completion",
    created: answer.createdS ?? context.createdS,
    model: answer.model ?? context.model,
    choices: answer.choices.map(writeChoice),
    ...(answer.usage && { usage: writeUsage(answer.usage) }),
    ...(answer.systemFingerprint !== undefined && {
      system_fingerprint: answer.systemFingerprint,
    }),
  };
}

function writeChoice({ parts, finish }: AnswerChoice, index: number): object {
  const texts = parts.filter((part) => part.type === "text" || part.type === "refusal");
  const tokens = texts.flatMap((part) => (part.type === "text" ? (part.logprobs ?? []) : []));
  return {
    text: texts.map(({ text }) => text).join(""),
    index,
    logprobs: legacyLogprobs(tokens, 0),
    finish_reason: completionFinish(finish.reason),
  };
}

/** There were no tools yet. */
export function completionFinish(reason: FinishReason): string {
  return reason === "tool_calls" ? "stop" : reason;
}
