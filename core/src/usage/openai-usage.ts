import { isRecord } from "../json/is-record.ts";
import type { Usage } from "./usage.ts";

/**
 * Read OpenAI's usage object; undefined if it is not one. An explicit 0 is a
 * count (LiteLLM issue 37992); embeddings have no output.
 *
 * https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage
 */
export function usageFromOpenAi(usage: unknown): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  const input = count(usage["prompt_tokens"]);
  const output = count(usage["completion_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  const reasoning = detail(usage, "completion_tokens_details", "reasoning_tokens");
  const thoughts = uncounted(usage, reasoning);
  return {
    inputTokens: input ?? 0,
    outputTokens: (output ?? 0) + thoughts,
    ...named("cachedInputTokens", cachedTokens(usage)),
    ...named("cacheWriteTokens", detail(usage, "prompt_tokens_details", "cache_write_tokens")),
    ...named("reasoningTokens", reasoning ?? (thoughts || undefined)),
    // Most answers say that there was none: only what there was is worth the telling.
    ...named("inputAudioTokens", audioTokens(usage, "prompt_tokens_details")),
    ...named("outputAudioTokens", audioTokens(usage, "completion_tokens_details")),
  };
}

/**
 * xAI and Gemini's OpenAI route leave the thoughts out of `completion_tokens`; the total has them.
 * A total that is larger for another reason is not taken for thoughts.
 */
function uncounted(
  usage: Readonly<Record<string, unknown>>,
  reasoning: number | undefined,
): number {
  const input = count(usage["prompt_tokens"]);
  const output = count(usage["completion_tokens"]);
  const total = count(usage["total_tokens"]);
  if (input === undefined || output === undefined || total === undefined) return 0;
  const gap = total - input - output;
  return gap > 0 && (reasoning === undefined || reasoning === gap) ? gap : 0;
}

/** DeepSeek and Moonshot have names of their own for it. */
function cachedTokens(usage: Readonly<Record<string, unknown>>): number | undefined {
  return (
    detail(usage, "prompt_tokens_details", "cached_tokens") ??
    count(usage["prompt_cache_hit_tokens"]) ??
    count(usage["cached_tokens"])
  );
}

function audioTokens(
  usage: Readonly<Record<string, unknown>>,
  details: string,
): number | undefined {
  return detail(usage, details, "audio_tokens") || undefined;
}

function detail(
  usage: Readonly<Record<string, unknown>>,
  details: string,
  name: string,
): number | undefined {
  const value = usage[details];
  return isRecord(value) ? count(value[name]) : undefined;
}

function named<K extends keyof Usage>(name: K, value: number | undefined): { [P in K]?: number } {
  const part: { [P in K]?: number } = {};
  if (value !== undefined) part[name] = value;
  return part;
}

/** A whole number of tokens, zero or more; anything else is no count. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
