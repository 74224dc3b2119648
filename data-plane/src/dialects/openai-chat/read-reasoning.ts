import type { Reasoning } from "../../chat/chat-request.ts";
import {
  type Json,
  oneOf,
  optionalBoolean,
  optionalNumber,
  optionalRecord,
  optionalString,
} from "../members.ts";

/**
 * How much to think, in all the ways that clients of this dialect say it: OpenAI's
 * `reasoning_effort`, OpenRouter's `reasoning` {effort, max_tokens, enabled, exclude}, and `thinking`
 * as Anthropic, DeepSeek and z.ai have it {type, budget_tokens}. The first wins.
 */
export function readReasoning(body: Json): Reasoning | undefined {
  const found = {
    ...readThinking(optionalRecord(body["thinking"], "thinking") ?? {}),
    ...readReasoningObject(optionalRecord(body["reasoning"], "reasoning") ?? {}),
    ...readEffort(body["reasoning_effort"], "reasoning_effort"),
  };
  return Object.keys(found).length > 0 ? found : undefined;
}

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

function readEffort(value: unknown, param: string): Reasoning {
  const effort = optionalString(value, param);
  return effort === undefined ? {} : { effort: oneOf(effort, efforts, param) };
}

/** https://openrouter.ai/docs/use-cases/reasoning-tokens */
function readReasoningObject(reasoning: Json): Reasoning {
  const budget = optionalNumber(reasoning["max_tokens"], "reasoning.max_tokens");
  const enabled = optionalBoolean(reasoning["enabled"], "reasoning.enabled");
  const exclude = optionalBoolean(reasoning["exclude"], "reasoning.exclude");
  return {
    ...(enabled === false && { effort: "none" }),
    ...readEffort(reasoning["effort"], "reasoning.effort"),
    ...(budget !== undefined && { budgetTokens: budget }),
    ...(exclude !== undefined && { shown: !exclude }),
  };
}

/** https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking */
function readThinking(thinking: Json): Reasoning {
  const type = optionalString(thinking["type"], "thinking.type");
  const budget = optionalNumber(thinking["budget_tokens"], "thinking.budget_tokens");
  if (type === "disabled") return { effort: "none" };
  return {
    ...(type === "adaptive" && { adaptive: true }),
    // On, and no word of how much.
    ...(type === "enabled" && budget === undefined && { effort: "medium" }),
    ...(budget !== undefined && { budgetTokens: budget }),
  };
}
