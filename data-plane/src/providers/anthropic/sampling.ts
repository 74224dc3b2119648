import type { ChatRequest } from "../../chat/chat-request.ts";
import type { Dropped } from "../dropped.ts";
import type { Block } from "./blocks.ts";
import type { ClaudeTraits } from "./claude-traits.ts";

export interface SamplingOptions {
  readonly traits: ClaudeTraits;
  readonly thinks: boolean;
  readonly dropped: Dropped;
}

/**
 * Temperature, top_p and top_k where the model takes them. Anthropic's temperature ends at 1, and what
 * OpenAI's has above it becomes 1. With thoughts, and on models without sampling, only defaults are
 * taken: others are left out by name.
 */
export function sampling(request: ChatRequest, options: SamplingOptions): Block {
  const { traits, thinks, dropped } = options;
  const { topK } = request;
  const fixed = thinks || traits.sampling === "none";
  const temperature =
    request.temperature === undefined ? undefined : Math.min(request.temperature, 1);
  const keepsTemperature = temperature !== undefined && (!fixed || temperature === 1);
  if (temperature !== undefined && !keepsTemperature) dropped.add("temperature");
  const topP = topPOf(request.topP, { ...options, besideTemperature: keepsTemperature });
  if (topK !== undefined && fixed) dropped.add("top_k");
  return {
    ...(keepsTemperature && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && !fixed && { top_k: topK }),
  };
}

function topPOf(
  topP: number | undefined,
  { traits, thinks, dropped, besideTemperature }: SamplingOptions & { besideTemperature: boolean },
): number | undefined {
  if (topP === undefined) return undefined;
  const alone = traits.sampling === "temperature_or_top_p" && besideTemperature;
  const taken = traits.sampling !== "none" && !alone && (!thinks || topP >= topPMinWithThoughts);
  if (taken) return topP;
  if (topP !== 1) dropped.add("top_p");
  return undefined;
}

/** https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility */
const topPMinWithThoughts = 0.95;
