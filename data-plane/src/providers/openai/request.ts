import type { ChatRequest, OpaquePart, Reasoning } from "../../chat/chat-request.ts";
import { type DroppedName, foreignToolMembers } from "../dropped.ts";
import { understoodMessages } from "../foreign-content.ts";
import { writeMessages } from "./request-messages.ts";
import { writeMore } from "./request-more.ts";
import { writeTools } from "./request-tools.ts";
import type { ServerKind } from "./server-kind.ts";

export interface WrittenRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly dropped: readonly string[];
}

/**
 * What a client of any dialect asks, as a body of /chat/completions. Left out without a word: marks
 * of what to cache (OpenAI caches by itself), and thoughts of earlier turns (it takes none back).
 *
 * https://platform.openai.com/docs/api-reference/chat/create
 */
export function writeRequest(
  request: ChatRequest,
  model: string,
  kind: ServerKind,
): WrittenRequest {
  const tools = writeTools(request, kind);
  const more = writeMore(request, kind);
  const lost = new Set<DroppedName>([...tools.dropped, ...foreignToolMembers(request, "openai")]);
  if (request.topK !== undefined && !kind.extensions) lost.add("top_k");
  const body = {
    model,
    messages: writeMessages(understoodMessages(request.messages, reader, lost), kind),
    ...tools.members,
    ...writeFormat(request.format),
    ...writeReasoning(request, kind),
    ...writeSampling(request, kind),
    ...more.members,
    ...(request.stream && { stream: true, stream_options: streamOptions(request) }),
  };
  return { body: withoutUndefined(body), dropped: [...lost, ...more.dropped] };
}

const reader = {
  vendor: "of OpenAI's dialect",
  takes: ({ dialect }: OpaquePart) => dialect === "openai",
};

function writeFormat(format: ChatRequest["format"]): object {
  switch (format?.type) {
    case undefined:
      return {};
    case "text":
      return { response_format: { type: "text" } };
    case "json":
      return { response_format: { type: "json_object" } };
    case "json_schema": {
      const { type, ...schema } = format;
      return { response_format: { type, json_schema: schema } };
    }
  }
}

function writeSampling(request: ChatRequest, kind: ServerKind): object {
  const { logprobs } = request;
  return {
    [kind.maxTokens]: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: kind.extensions ? request.topK : undefined,
    // An empty list is refused.
    stop: request.stop?.length ? request.stop : undefined,
    seed: request.seed,
    n: request.choices,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    logprobs: logprobs && true,
    top_logprobs: logprobs && logprobs.top > 0 ? logprobs.top : undefined,
    logit_bias: request.logitBias,
    user: request.user,
  };
}

function writeReasoning({ reasoning, more }: ChatRequest, kind: ServerKind): object {
  // Servers that have `reasoning` or `thinking` get them as the client wrote them.
  const own =
    more.dialect === "openai" && ("thinking" in more.members || "reasoning" in more.members);
  if (kind.extensions && own) return {};
  // Other dialects mean "do not think aloud" by it: models that cannot think refuse the word.
  const isWord = more.dialect === "openai" || more.dialect === "responses";
  const effort = reasoning && effortOf(reasoning);
  return effort === undefined || (effort === "none" && !isWord) ? {} : { reasoning_effort: effort };
}

/** A budget of thinking tokens in OpenAI's words; where the model is to decide, no word. */
export function effortOf({ effort, budgetTokens }: Reasoning): Reasoning["effort"] {
  // "max" is Anthropic's.
  if (effort !== undefined) return effort === "max" ? "xhigh" : effort;
  if (budgetTokens === undefined) return undefined;
  if (budgetTokens <= lowBudgetTokens) return "low";
  return budgetTokens <= mediumBudgetTokens ? "medium" : "high";
}

const lowBudgetTokens = 4096;
const mediumBudgetTokens = 16_384;

/** Usage is always asked for: it is counted, whether or not the client wants to see it. */
function streamOptions({ more }: ChatRequest): object {
  const given = more.dialect === "openai" ? more.members["stream_options"] : undefined;
  return { ...(typeof given === "object" ? given : {}), include_usage: true };
}

function withoutUndefined(body: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
