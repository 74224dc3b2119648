import type { ChatRequest, Reasoning } from "../../chat/chat-request.ts";
import type { Block } from "./blocks.ts";
import type { ClaudeTraits } from "./claude-traits.ts";

export interface ThinkingPlan {
  readonly thinking?: Block;
  /** `output_config.effort`. */
  readonly effort?: string;
  readonly maxTokens: number;
  /** The wish could not be met. */
  readonly dropped?: boolean;
}

export interface ThinkingOptions {
  readonly traits: ClaudeTraits;
  /** The client speaks Anthropic's dialect, where effort alone does not mean thoughts. */
  readonly native: boolean;
  /** A tool call will be demanded: by the client, or to get the format. */
  readonly forces: boolean;
}

/**
 * How much Claude is to think. OpenAI's efforts become a budget where the model wants one, and are
 * left to the model's judgement where it has one. A budget is less than `max_tokens`: that is raised
 * where it is ours, and never where the client named it.
 *
 * https://platform.claude.com/docs/en/build-with-claude/thinking
 */
export function planThinking(request: ChatRequest, options: ThinkingOptions): ThinkingPlan {
  const { reasoning } = request;
  const { traits } = options;
  const maxTokens = request.maxOutputTokens ?? traits.maxOutputTokens;
  if (!reasoning) return { maxTokens };
  if (isOff(reasoning)) return { maxTokens, ...turnedOff(traits) };
  const { effort, budgetTokens, adaptive } = reasoning;
  if (effort === undefined && budgetTokens === undefined && !adaptive) {
    return { maxTokens, ...(traits.thinksByDefault && shownOnly(reasoning)) };
  }
  const level = effortFor(effort, traits);
  if (options.native && budgetTokens === undefined && !adaptive) {
    return level === undefined ? { maxTokens, dropped: true } : { maxTokens, effort: level };
  }
  if (traits.thinking === "none") return { maxTokens, dropped: true };
  const manual =
    traits.thinking === "manual" || (budgetTokens !== undefined && traits.thinking === "either");
  return manual
    ? withBudget(request, reasoning, options)
    : leftToModel(reasoning, { maxTokens, traits });
}

function isOff({ effort, budgetTokens, adaptive }: Reasoning): boolean {
  return effort === "none" && budgetTokens === undefined && !adaptive;
}

function turnedOff(traits: ClaudeTraits): Pick<ThinkingPlan, "thinking" | "effort" | "dropped"> {
  switch (traits.thinkingOff) {
    case "omit":
      return {};
    case "never":
      return { effort: "low", dropped: true };
    default:
      return { thinking: { type: traits.thinkingOff } };
  }
}

function shownOnly(reasoning: Reasoning): Pick<ThinkingPlan, "thinking"> {
  return reasoning.shown === undefined
    ? {}
    : { thinking: { type: "adaptive", ...display(reasoning) } };
}

function leftToModel(
  reasoning: Reasoning,
  { maxTokens, traits }: { readonly maxTokens: number; readonly traits: ClaudeTraits },
): ThinkingPlan {
  const wanted = reasoning.effort ?? effortOfBudget(reasoning.budgetTokens);
  const effort = effortFor(wanted, traits);
  return {
    thinking: { type: "adaptive", ...display(reasoning) },
    ...(effort !== undefined && { effort }),
    maxTokens,
  };
}

function withBudget(
  request: ChatRequest,
  reasoning: Reasoning,
  { traits, forces }: ThinkingOptions,
): ThinkingPlan {
  const max = request.maxOutputTokens ?? traits.maxOutputTokens;
  const budget = budgetFor(reasoning, request.maxOutputTokens, max);
  if (budget === undefined || forces || isUnsignedToolTurn(request)) {
    return { maxTokens: max, dropped: true };
  }
  const effort = effortFor(reasoning.effort, traits);
  return {
    thinking: { type: "enabled", budget_tokens: budget, ...display(reasoning) },
    ...(effort !== undefined && { effort }),
    maxTokens: budget < max ? max : budget + answerTokens,
  };
}

/** Undefined: there is no room for the least of budgets. */
function budgetFor(
  { budgetTokens, effort = "high" }: Reasoning,
  asked: number | undefined,
  max: number,
): number | undefined {
  if (budgetTokens !== undefined) {
    const budget = Math.max(budgetTokens, budgetMin);
    if (asked === undefined || budget < asked) return budget;
    return asked > budgetMin ? asked - 1 : undefined;
  }
  // The answer itself needs room, too.
  const room = Math.max(Math.floor(max * 0.8), budgetMin);
  return room < max ? Math.min(budgets[effort], room) : undefined;
}

const budgetMin = 1024;
/** What an answer is given beside a budget that leaves it no room. */
const answerTokens = 4096;

const budgets: Readonly<Record<NonNullable<Reasoning["effort"]>, number>> = {
  none: budgetMin,
  minimal: budgetMin,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 24_576,
  max: 32_768,
};

function effortOfBudget(budget: number | undefined): Reasoning["effort"] {
  if (budget === undefined) return undefined;
  if (budget <= budgets.low) return "low";
  if (budget <= budgets.medium) return "medium";
  return budget <= budgets.xhigh ? "high" : "xhigh";
}

/** The model's nearest effort that is not more; undefined if it has none. */
function effortFor(effort: Reasoning["effort"], { efforts }: ClaudeTraits): string | undefined {
  if (effort === undefined || effort === "none") return undefined;
  const wanted = scale.indexOf(effort);
  return efforts.findLast((one) => scale.indexOf(one) <= wanted) ?? efforts[0];
}

const scale: readonly string[] = ["minimal", "low", "medium", "high", "xhigh", "max"];

function display({ shown }: Reasoning): Block {
  return shown === undefined ? {} : { display: shown ? "summarized" : "omitted" };
}

/**
 * A turn that is still calling tools must begin with its own thoughts, signed, if there are to be
 * more with a budget. Other vendors' thoughts, and clients that do not send them back, have none.
 */
function isUnsignedToolTurn({ messages }: ChatRequest): boolean {
  const last = messages.findLast(({ role }) => role === "assistant");
  if (last?.role !== "assistant" || !last.content.some(({ type }) => type === "tool-call"))
    return false;
  return !last.content.some(
    (part) =>
      (part.type === "reasoning" && part.signature?.vendor === "anthropic") ||
      (part.type === "redacted-reasoning" && part.data.vendor === "anthropic"),
  );
}
