import { isRecord, type Usage } from "@headgate/core";

/**
 * Read the usage of a response; undefined if it is none, or not counted yet (queued, in progress).
 * https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage
 */
export function usageFromResponse(usage: unknown): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  const input = count(usage["input_tokens"]);
  const output = count(usage["output_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  const cached = detail(usage["input_tokens_details"], "cached_tokens");
  const written = detail(usage["input_tokens_details"], "cache_write_tokens");
  const reasoning = detail(usage["output_tokens_details"], "reasoning_tokens");
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}

function detail(details: unknown, name: string): number | undefined {
  return isRecord(details) ? count(details[name]) : undefined;
}

/** A whole number of tokens, zero or more; anything else is no count. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
