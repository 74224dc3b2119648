import type { ChatRequest } from "../../chat/chat-request.ts";
import { sampling as claudeSampling } from "../anthropic/sampling.ts";
import type { Block, Translating } from "./block.ts";
import type { ReasoningPlan } from "./reasoning.ts";

export interface InferencePlan {
  readonly inferenceConfig: Block;
  /** For additionalModelRequestFields. */
  readonly fields: Block;
}

/**
 * Length and sampling.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html
 */
export function inferencePlan(
  request: ChatRequest,
  reasoning: ReasoningPlan,
  translating: Translating,
): InferencePlan {
  const maxTokens = reasoning.maxTokens ?? request.maxOutputTokens;
  const stopSequences = stops(request, translating);
  const { temperature, top_p: topP, ...fields } = sampling(request, reasoning, translating);
  return {
    inferenceConfig: {
      ...(maxTokens !== undefined && { maxTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(stopSequences.length > 0 && { stopSequences }),
    },
    fields,
  };
}

/** By Anthropic's names; the temperature ends at 1. */
function sampling(
  request: ChatRequest,
  { thinks }: ReasoningPlan,
  translating: Translating,
): Block {
  const { dropped, traits } = translating;
  if (traits.claude) return claudeSampling(request, { traits: traits.claude, thinks, dropped });
  const { temperature, topP, topK } = request;
  if (thinks) {
    if (temperature !== undefined && temperature !== 1) dropped.add("temperature");
    if (topP !== undefined && topP !== 1) dropped.add("top_p");
  }
  return {
    ...(temperature !== undefined && !thinks && { temperature: Math.min(temperature, 1) }),
    ...(topP !== undefined && !thinks && { top_p: topP }),
    ...(topK !== undefined && topKFields(topK, translating)),
  };
}

function topKFields(topK: number, { traits, dropped }: Translating): Block {
  switch (traits.family) {
    case "mistral":
      return { top_k: topK };
    case "cohere":
      return { k: topK };
    case "nova":
      return { inferenceConfig: { topK } };
    default:
      dropped.add("top_k");
      return {};
  }
}

/** Claude refuses those of blanks alone, and no model sees a sense in an empty one. */
function stops({ stop }: ChatRequest, { dropped }: Translating): readonly string[] {
  const usable = (stop ?? []).filter((sequence) => sequence.trim() !== "");
  if (usable.length < (stop?.length ?? 0)) dropped.add("stop");
  return usable;
}
