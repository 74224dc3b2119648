import type { ChatAnswer } from "../../chat/chat-answer.ts";
import { anthropicStopReason } from "../../providers/anthropic/finish-reason.ts";
import type { WriteContext } from "../dialect.ts";
import type { Json } from "./checked.ts";
import { writeBlocks } from "./write-blocks.ts";
import { anthropicUsage } from "./write-usage.ts";

/** A message has one choice: the first. */
export function writeAnthropicAnswer(answer: ChatAnswer, context: WriteContext): Json {
  const [choice] = answer.choices;
  const finish = choice?.finish ?? { reason: "stop" };
  return {
    ...messageHead(answer, context),
    content: choice?.parts.flatMap(writeBlocks) ?? [],
    stop_reason: anthropicStopReason(finish),
    stop_sequence: finish.stopSequence ?? null,
    stop_details: null,
    usage: { ...anthropicUsage(answer.usage), ...serviceTier(answer.serviceTier) },
  };
}

export function messageHead(
  { id, model }: { readonly id?: string; readonly model?: string },
  context: WriteContext,
): Json {
  return {
    id: messageId(id ?? context.requestId),
    type: "message",
    role: "assistant",
    model: model ?? context.model,
  };
}

/** Vendors' ids keep what tells them apart, and look like Anthropic's. */
function messageId(id: string): string {
  return id.startsWith("msg_") ? id : `msg_${id.replace(/[^a-zA-Z0-9_-]/g, "_")}`;
}

/** Only Anthropic's own words: OpenAI's tiers are others. */
export function serviceTier(tier: string | undefined): Json {
  return tier === "standard" || tier === "priority" || tier === "batch"
    ? { service_tier: tier }
    : {};
}
