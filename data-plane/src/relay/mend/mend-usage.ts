import { anyOf, dropUnless, ensure, isInteger, isJson, isObject, type Json } from "./json.ts";

/**
 * Makes `usage` what OpenAI's is: the three counts, and details that are objects of counts. What is
 * no usage at all is left out; in a stream's chunks it may be null.
 */
export function mendUsage(answer: Json, mayBeNull: boolean): boolean {
  const usage = answer["usage"];
  if (mayBeNull && usage === null) return false;
  if (!isJson(usage) || !hasCounts(usage)) return dropUnless(answer, "usage", () => false);
  const input = amountOf(usage["prompt_tokens"]);
  const output = amountOf(usage["completion_tokens"]);
  return anyOf(
    ensure(usage, "prompt_tokens", isInteger, Math.round(input) || 0),
    ensure(usage, "completion_tokens", isInteger, Math.round(output) || 0),
    ensure(usage, "total_tokens", isInteger, Math.round(input + output) || 0),
    ...["prompt_tokens_details", "completion_tokens_details"].map((name) =>
      mendDetails(usage, name),
    ),
  );
}

function amountOf(value: unknown): number {
  return typeof value === "number" || typeof value === "string" ? Number(value) : 0;
}

function hasCounts(usage: Json): boolean {
  return ["prompt_tokens", "completion_tokens", "total_tokens"].some((name) => name in usage);
}

function mendDetails(usage: Json, name: string): boolean {
  const details = usage[name];
  if (!isJson(details)) return dropUnless(usage, name, isObject);
  return anyOf(...countNames.map((count) => dropUnless(details, count, isInteger)));
}

/** Details that the schema wants to be counts; others are the provider's own affair. */
const countNames = [
  "accepted_prediction_tokens",
  "audio_tokens",
  "cache_write_tokens",
  "cached_tokens",
  "image_tokens",
  "reasoning_tokens",
  "rejected_prediction_tokens",
  "text_tokens",
];
