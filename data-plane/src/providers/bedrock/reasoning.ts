import type { ChatRequest, Reasoning } from "../../chat/chat-request.ts";
import type { ClaudeTraits } from "../anthropic/claude-traits.ts";
import { planThinking } from "../anthropic/thinking.ts";
import type { Block, Translating } from "./block.ts";

export interface ReasoningPlan {
  /** For additionalModelRequestFields. */
  readonly fields: Block;
  /** For outputConfig. */
  readonly effort?: string;
  /** What the thinking asks of maxTokens, where the client left it open. */
  readonly maxTokens?: number;
  /** The model refuses most sampling while it thinks so. */
  readonly thinks: boolean;
}

/** How each family of models is told to think. Those that can't be told answer as they do. */
export function reasoningPlan(
  request: ChatRequest,
  forced: boolean,
  translating: Translating,
): ReasoningPlan {
  const { reasoning } = request;
  const { family, claude, generation } = translating.traits;
  if (!reasoning) return nothing;
  if (claude) return claudePlan(request, { claude, forced, translating });
  if (!asksForThoughts(reasoning) && reasoning.effort !== "none") return nothing;
  if (family === "nova" && generation >= 2) return novaPlan(request, reasoning);
  if (family === "gpt") return gptPlan(reasoning);
  if (asksForThoughts(reasoning)) translating.dropped.add("reasoning_effort");
  return nothing;
}

function asksForThoughts({ effort, budgetTokens, adaptive }: Reasoning): boolean {
  const some = effort !== undefined || budgetTokens !== undefined || adaptive === true;
  return some && !(effort === "none" && budgetTokens === undefined);
}

/**
 * As on Anthropic's own API, but for this: a call that was demanded comes before thoughts, and
 * maxTokens stays open where it may, since Bedrock takes all of it off the account's quota.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html
 */
function claudePlan(
  request: ChatRequest,
  on: {
    readonly claude: ClaudeTraits;
    readonly forced: boolean;
    readonly translating: Translating;
  },
): ReasoningPlan {
  const { claude, forced, translating } = on;
  const native = request.more.dialect === "anthropic";
  const plan = planThinking(request, { traits: claude, native, forces: forced });
  const thinks = plan.thinking?.["type"] === "enabled" || plan.thinking?.["type"] === "adaptive";
  if (plan.dropped || (forced && thinks)) translating.dropped.add("reasoning_effort");
  if (forced && thinks) return nothing;
  const budget = plan.thinking?.["budget_tokens"];
  return {
    fields: plan.thinking ? { thinking: plan.thinking } : {},
    ...(plan.effort !== undefined && { effort: plan.effort }),
    ...(typeof budget === "number" && { maxTokens: maxTokens(request, budget, plan.maxTokens) }),
    thinks,
  };
}

function maxTokens(request: ChatRequest, budget: number, planned: number): number {
  return request.maxOutputTokens ?? Math.min(planned, budget + answerTokens);
}

/** Of an answer whose length the client left open, beside the thinking. */
const answerTokens = 8192;

/**
 * At `high` Nova takes neither sampling nor maxTokens: a client that bounds its answer gets
 * `medium`. https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
 */
function novaPlan({ maxOutputTokens }: ChatRequest, reasoning: Reasoning): ReasoningPlan {
  if (!asksForThoughts(reasoning)) {
    return { ...nothing, fields: { reasoningConfig: { type: "disabled" } } };
  }
  const wanted = threeSteps(reasoning);
  const maxReasoningEffort = wanted === "high" && maxOutputTokens !== undefined ? "medium" : wanted;
  return {
    fields: { reasoningConfig: { type: "enabled", maxReasoningEffort } },
    thinks: maxReasoningEffort === "high",
  };
}

/** These always think. */
function gptPlan(reasoning: Reasoning): ReasoningPlan {
  return { ...nothing, fields: { reasoning_effort: threeSteps(reasoning) } };
}

function threeSteps({ effort, budgetTokens }: Reasoning): "low" | "medium" | "high" {
  switch (effort) {
    case undefined:
      if (budgetTokens === undefined) return "medium";
      return budgetTokens <= lowBudgetMax
        ? "low"
        : budgetTokens <= mediumBudgetMax
          ? "medium"
          : "high";
    case "none":
    case "minimal":
    case "low":
      return "low";
    case "medium":
      return "medium";
    default:
      return "high";
  }
}

/** Tokens. */
const lowBudgetMax = 2048;
const mediumBudgetMax = 8192;

const nothing: ReasoningPlan = { fields: {}, thinks: false };
