import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";

/**
 * Names, as in OpenAI's API, of what a request asks for and Anthropic has nothing like. What would
 * not change the answer is left out in silence: how OpenAI keeps, bills or caches a request
 * (`silent`), how much of an image is looked at, and defaults that say nothing (`n: 1`, penalties of 0).
 */
export function unsupportedParameters(request: ChatRequest): readonly string[] {
  const { choices, seed, frequencyPenalty, presencePenalty, logprobs, logitBias } = request;
  const names: string[] = [];
  if (choices !== undefined && choices > 1) names.push("n");
  if (seed !== undefined) names.push("seed");
  if (frequencyPenalty) names.push("frequency_penalty");
  if (presencePenalty) names.push("presence_penalty");
  if (logprobs) names.push("logprobs");
  if (logprobs && logprobs.top > 0) names.push("top_logprobs");
  if (isRecord(logitBias) && Object.keys(logitBias).length > 0) names.push("logit_bias");
  if (request.messages.some((message) => "name" in message && message.name)) {
    names.push("messages.name");
  }
  return [...names, ...foreignMembers(request)];
}

function foreignMembers({ more, reasoning }: ChatRequest): readonly string[] {
  if (more.dialect === "anthropic") return [];
  return Object.entries(more.members)
    .filter(([name, value]) => value !== null && value !== undefined && !saysNothing(name, value))
    .filter(([name]) => reasoning === undefined || !saysReasoning.has(name))
    .map(([name]) => name);
}

function saysNothing(name: string, value: unknown): boolean {
  if (name === "modalities") return Array.isArray(value) && value.every((one) => one === "text");
  return silent.has(name);
}

/** Other servers' words for what `reasoning` has already. */
const saysReasoning: ReadonlySet<string> = new Set(["reasoning", "thinking"]);

const silent: ReadonlySet<string> = new Set([
  "background",
  "client_metadata",
  "metadata",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "store",
  "stream_options",
]);
