import type { ChatApi, ProviderApi } from "../provider-api.ts";
import { anthropicAnswer } from "./answer.ts";
import { classifyAnthropicError } from "./classify-error.ts";
import { anthropicCountTokens } from "./count-tokens.ts";
import { anthropicRequest } from "./request.ts";
import { AnthropicStreamReader } from "./stream.ts";

/** Answers are the same on Vertex. */
export const anthropicAnswers = {
  answer: anthropicAnswer,
  stream: (request) => new AnthropicStreamReader(request),
  streamType: /^text\/event-stream\b/i,
} satisfies Partial<ChatApi>;

/** https://platform.claude.com/docs/en/api/overview */
export const anthropicApi: ProviderApi = {
  chat: {
    ...anthropicAnswers,
    request: anthropicRequest,
    // Images and PDF are fetched by Anthropic, over TLS; text must be sent.
    mustFetch: ({ source }) =>
      source.kind === "url" &&
      (!/^https:/i.test(source.url) ||
        (source.mediaType !== undefined && !fetched.test(source.mediaType))),
  },
  countTokens: anthropicCountTokens,
  classifyError: classifyAnthropicError,
};

const fetched = /^image\/|^application\/pdf\b/;
