import type { Usage } from "@headgate/core";
import type { FinishReason } from "../../chat/chat-event.ts";
import type { WriteContext } from "../dialect.ts";
import type { Json } from "../members.ts";
import { isServiceTier } from "../openai-chat/service-tier.ts";
import { readEcho } from "./echo.ts";
import { ItemIds } from "./item-ids.ts";

/** What a response says of itself from its first event to its last. */
export interface ResponseHead {
  readonly ids: ItemIds;
  readonly members: Json;
}

/** What the vendor said of its answer. */
interface AnswerHead {
  readonly id?: string;
  readonly model?: string;
  readonly createdS?: number;
  readonly serviceTier?: string;
}

export function responseHead(answer: AnswerHead, context: WriteContext): ResponseHead {
  const ids = new ItemIds(context.requestId, answer.id);
  const { serviceTier } = answer;
  const members = {
    ...readEcho(context.request),
    id: ids.response,
    object: "response",
    created_at: answer.createdS ?? context.createdS,
    model: answer.model ?? context.model,
    ...(serviceTier !== undefined && isResponseTier(serviceTier) && { service_tier: serviceTier }),
  };
  return { ids, members };
}

export interface ResponseState {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly output: readonly Json[];
  readonly usage?: Usage | undefined;
  readonly incomplete?: string | undefined;
  readonly error?: Json;
}

export function responseObject({ members }: ResponseHead, state: ResponseState): Json {
  const { status, output, usage, incomplete, error } = state;
  return {
    ...members,
    status,
    output,
    error: error ?? null,
    incomplete_details: incomplete === undefined ? null : { reason: incomplete },
    ...(usage && { usage: usageObject(usage) }),
  };
}

/** Why an answer is not complete; undefined if it is. */
export function incompleteReason(reason: FinishReason | undefined): string | undefined {
  if (reason === "length") return "max_output_tokens";
  return reason === "content_filter" ? "content_filter" : undefined;
}

/** https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage */
function usageObject(usage: Usage): Json {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens ?? 0,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

/** It has one more than chat. */
function isResponseTier(tier: string): boolean {
  return isServiceTier(tier) || tier === "ultrafast";
}
