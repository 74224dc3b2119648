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
  const cached = detail(usage["prompt_tokens_details"], "cached_tokens");
  const reasoning = detail(usage["completion_tokens_details"], "reasoning_tokens");
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

function detail(details: unknown, name: string): number | undefined {
  return isRecord(details) ? count(details[name]) : undefined;
}

/** A whole number of tokens, zero or more; anything else is no count. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
