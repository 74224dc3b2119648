import { type AnswerIdentity, usageOf } from "./chat.ts";
import { InvalidRequest } from "./invalid-request.ts";
import { clip, estimateTokens, wordsOf } from "./words.ts";

/** The fields of a (legacy) completion request that change the answer. */
export interface CompletionRequest {
  readonly model?: unknown;
  readonly prompt?: unknown;
  readonly stream?: unknown;
  readonly stream_options?: { readonly include_usage?: unknown };
  readonly max_tokens?: unknown;
}

const text = " and so it goes on, says the demo provider of Headgate.";

/** OpenAI's own default of max_tokens on this route. */
const defaultMaxTokens = 16;

export function completion(request: CompletionRequest, identity: AnswerIdentity): object {
  const { words, finish, usage } = replyTo(request);
  return {
    ...head(request, identity),
    choices: [{ text: words.join(""), index: 0, logprobs: null, finish_reason: finish }],
    usage,
  };
}

export function* completionChunks(
  request: CompletionRequest,
  identity: AnswerIdentity,
): Generator<object> {
  const { words, finish, usage } = replyTo(request);
  const withUsage = request.stream_options?.include_usage === true;
  for (const [position, word] of words.entries()) {
    const last = position === words.length - 1;
    yield {
      ...head(request, identity),
      choices: [{ text: word, index: 0, logprobs: null, finish_reason: last ? finish : null }],
      ...(withUsage && { usage: null }),
    };
  }
  if (withUsage) yield { ...head(request, identity), choices: [], usage };
}

function replyTo(request: CompletionRequest) {
  if (request.prompt === undefined || request.prompt === null) {
    throw new InvalidRequest("prompt is missing");
  }
  const wanted = wordsOf(text);
  const words = clip(wanted, request.max_tokens ?? defaultMaxTokens);
  return {
    words,
    finish: words.length < wanted.length ? "length" : "stop",
    usage: usageOf(estimateTokens(JSON.stringify(request.prompt)), words.length),
  };
}

function head(request: CompletionRequest, { id, created }: AnswerIdentity): object {
  const model = typeof request.model === "string" ? request.model : "demo";
  return { id: `cmpl-${id}`, object: "text_completion", created, model };
}
