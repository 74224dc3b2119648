import type { Usage } from "@headgate/core";
import type { Json } from "./json.ts";

/** Older servers leave out the count of a prompt that was all in their cache. */
export function usageFromOllama(value: Json): Usage | undefined {
  const input = count(value["prompt_eval_count"]);
  const output = count(value["eval_count"]);
  if (input === undefined && output === undefined) return undefined;
  return { inputTokens: input ?? 0, outputTokens: output ?? 0 };
}

/** Tokens: a whole number, zero or more. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
