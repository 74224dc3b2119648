import type { Reasoning } from "../../chat/chat-request.ts";
import type { ModelFamily } from "./model-family.ts";

export type ThinkingConfig = Readonly<Record<string, unknown>>;

/**
 * How much the model is to think: a level from Gemini 3 on, tokens for 2.5; the sizes are those of
 * Google's own OpenAI-compatible API. Undefined: the model does as it does by itself, or can't think.
 * https://ai.google.dev/gemini-api/docs/openai#thinking
 */
export function thinkingConfig(
  reasoning: Reasoning,
  family: ModelFamily,
): ThinkingConfig | undefined {
  if (family.thinking === "none") return undefined;
  const config = {
    ...amount(reasoning, family),
    ...(reasoning.shown !== undefined && { includeThoughts: reasoning.shown }),
  };
  return Object.keys(config).length > 0 ? config : undefined;
}

function amount(reasoning: Reasoning, family: ModelFamily): ThinkingConfig {
  if (family.thinking === "level") {
    const thinkingLevel = level(reasoning, family);
    return thinkingLevel === undefined ? {} : { thinkingLevel };
  }
  if (family.thinking !== "budget") return {};
  const thinkingBudget = budget(reasoning, family);
  return thinkingBudget === undefined ? {} : { thinkingBudget };
}

function level({ effort, budgetTokens }: Reasoning, family: ModelFamily): string | undefined {
  const wanted = effort ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens));
  switch (wanted) {
    case undefined:
      return undefined;
    case "none":
    case "minimal":
      // The Pro models think at least a little.
      return family.size === "pro" ? "LOW" : "MINIMAL";
    case "low":
      return "LOW";
    case "medium":
      // 3.0 Pro knew but two levels.
      return family.size === "pro" && family.generation < 3.1 ? "HIGH" : "MEDIUM";
    default:
      return "HIGH";
  }
}

function effortOf(tokens: number): NonNullable<Reasoning["effort"]> {
  if (tokens <= 0) return "none";
  if (tokens <= budgets.low) return "low";
  return tokens <= budgets.medium ? "medium" : "high";
}

function budget(reasoning: Reasoning, family: ModelFamily): number | undefined {
  const [min, max] = budgetRange(family);
  const { effort, budgetTokens, adaptive } = reasoning;
  if (effort === "none") return family.size === "pro" ? min : 0;
  if (budgetTokens !== undefined) {
    if (budgetTokens <= 0 && family.size !== "pro") return 0;
    return Math.min(max, Math.max(min, budgetTokens));
  }
  // -1: the model decides.
  if (effort === undefined) return adaptive ? -1 : undefined;
  return Math.min(max, budgets[effort]);
}

/** Tokens. */
const budgets = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
} as const;

/** https://ai.google.dev/gemini-api/docs/thinking#set-budget */
function budgetRange({ size }: ModelFamily): readonly [min: number, max: number] {
  if (size === "pro") return [128, 32_768];
  return [size === "flash-lite" ? 512 : 1, 24_576];
}
