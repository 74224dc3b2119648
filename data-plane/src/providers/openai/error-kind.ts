import { type ApiErrorKind, apiErrorKinds } from "../api-error.ts";
import { kindOfStatus } from "../kind-of-status.ts";
import type { ErrorWords } from "./error-words.ts";

/**
 * Codes and types tell most, where the server has any; messages tell where the prompt was too long,
 * for which half of the servers have no code; the status tells the rest.
 */
export function errorKind(words: ErrorWords, status: number | undefined): ApiErrorKind {
  const told = byMessage(words, status) ?? byWord(words.code) ?? byWord(words.innerCode);
  if (told !== undefined) return told;
  // A status of its own is worth more than a type, which says "invalid_request_error" of anything.
  return byStatus(status) ?? byType(words.type) ?? "server_error";
}

/** The status that a provider would have sent with it. */
export function statusOfKind(kind: ApiErrorKind): number {
  if (kind === "credential_rejected") return 401;
  if (kind === "server_error") return 502;
  return apiErrorKinds[kind].status;
}

function byWord(word: string | undefined): ApiErrorKind | undefined {
  return word === undefined ? undefined : words.get(word.toLowerCase());
}

/** https://platform.openai.com/docs/guides/error-codes, and what others were seen to send. */
const words: ReadonlyMap<string, ApiErrorKind> = new Map<string, ApiErrorKind>([
  ["context_length_exceeded", "context_too_long"],
  ["string_above_max_length", "context_too_long"],
  ["content_filter", "content_filtered"],
  ["content_policy_violation", "content_filtered"],
  ["moderation_blocked", "content_filtered"],
  ["responsibleaipolicyviolation", "content_filtered"],
  ["data_inspection_failed", "content_filtered"],
  ["datainspectionfailed", "content_filtered"],
  ["invalid_api_key", "credential_rejected"],
  ["account_deactivated", "credential_rejected"],
  ["unsupported_country_region_territory", "credential_rejected"],
  ["model_not_found", "model_not_found"],
  ["deploymentnotfound", "model_not_found"],
  ["model_decommissioned", "model_not_found"],
  ["model_not_available", "model_not_found"],
  ["rate_limit_exceeded", "rate_limited"],
  ["ratelimitreached", "rate_limited"],
  ["slow_down", "rate_limited"],
  ["nocapacity", "overloaded"],
  ["server_is_overloaded", "overloaded"],
  ["engine_overloaded", "overloaded"],
  ["insufficient_quota", "quota_spent"],
  ["credit_balance_exhausted", "quota_spent"],
  ["billing_hard_limit_reached", "quota_spent"],
  ["billing_not_active", "quota_spent"],
  ["invalid_request_blocked", "quota_spent"],
]);

/** For errors within a 200, which have no status. */
function byType(type: string | undefined): ApiErrorKind | undefined {
  const word = type?.toLowerCase() ?? "";
  return byWord(word) ?? typePatterns.find(([pattern]) => pattern.test(word))?.[1];
}

const typePatterns: readonly (readonly [RegExp, ApiErrorKind])[] = [
  [/insufficient_quota|billing/, "quota_spent"],
  [/rate_limit|too_many_requests|^tokens$|^requests$/, "rate_limited"],
  [/overloaded/, "overloaded"],
  [/unavailable/, "unavailable"],
  [/timeout/, "timeout"],
  [/authentication|unauthorized|permission|invalid_api_key/, "credential_rejected"],
  [/not_?found/, "not_found"],
  [/invalid_request|badrequest|bad_request|validation/, "invalid_request"],
];

function byMessage(
  { message, type }: ErrorWords,
  status: number | undefined,
): ApiErrorKind | undefined {
  const mayBePrompt = status === undefined || (status >= 400 && status !== 429 && status !== 401);
  if (mayBePrompt && tooLong.test(message)) return "context_too_long";
  if ((status === 413 || status === 429) && tooLarge.test(message)) return "request_too_large";
  if (status === 429 && (spent.test(message) || type === "insufficient_quota"))
    return "quota_spent";
  if (status === 503 && overloaded.test(message)) return "overloaded";
  return undefined;
}

/**
 * OpenAI, vLLM, OpenRouter: "maximum context length is"; Ollama: "prompt too long; exceeded max
 * context length"; llama.cpp: "exceeds the available context size"; TGI: "`inputs` tokens +
 * `max_new_tokens` must be <="; Mistral: "too large for model with .. maximum context length";
 * Together, Groq, xAI: "reduce the length of the messages"; Anthropic behind a proxy: "prompt is too long".
 */
const tooLong =
  /maximum context length|max(?:imum)? (?:model|context) length|context (?:length|window|size|limit) (?:is )?exceed|exceed\w* (?:the |its |this model's )?(?:available |maximum |max )?context|prompt (?:is )?too long|input (?:is )?too long|too many (?:input )?tokens|(?:`inputs`|inputs?) (?:must have less than|tokens \+ )|reduce the length of the (?:messages|prompt|input)|maximum prompt length|longer than the (?:maximum )?model/i;

/** More tokens than a whole minute's limit: OpenAI and Groq call that a rate limit, but waiting does not help. */
const tooLarge = /^request too large/i;
const spent =
  /exceeded your (?:current|monthly) (?:included )?(?:quota|credits)|insufficient (?:balance|funds|credit)|credit balance/i;
const overloaded = /overload|capacity|high demand/i;

function byStatus(status: number | undefined): ApiErrorKind | undefined {
  return status !== undefined && status >= 400 && status <= 599 ? kindOfStatus(status) : undefined;
}
