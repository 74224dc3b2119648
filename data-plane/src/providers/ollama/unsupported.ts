import type { ChatRequest } from "../../chat/chat-request.ts";
import { optionNames } from "./options.ts";

/** Names, as in OpenAI's API, of what Ollama has nothing like. */
export function unsupported(request: ChatRequest): readonly string[] {
  const { choices, logitBias, user, parallelToolCalls, messages } = request;
  const names: readonly (readonly [unknown, string])[] = [
    [choices !== undefined && choices !== 1, "n"],
    [Object.keys(logitBias ?? {}).length > 0, "logit_bias"],
    [user !== undefined, "user"],
    [parallelToolCalls === false && request.tools.length > 0, "parallel_tool_calls"],
    [messages.some((message) => "name" in message && message.name), "messages.name"],
  ];
  const own = names.flatMap(([given, name]) => (given ? [name] : []));
  const members = Object.entries(request.more.members)
    .filter(([name, value]) => value !== null && value !== undefined && !isKnown(name))
    .map(([name]) => name);
  return [...own, ...members];
}

function isKnown(name: string): boolean {
  return known.has(name) || optionNames.has(name);
}

/** Taken elsewhere, or how other vendors keep, bill or cache a request. */
const known: ReadonlySet<string> = new Set([
  "keep_alive",
  "options",
  "raw",
  "suffix",
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
