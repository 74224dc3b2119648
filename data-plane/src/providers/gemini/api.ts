import type { ProviderApi } from "../provider-api.ts";
import { geminiAnswer } from "./answer.ts";
import { classifyGeminiError } from "./classify-error.ts";
import { geminiCountTokens } from "./count-tokens.ts";
import { geminiEmbeddings } from "./embeddings.ts";
import { googleReads } from "./media-part.ts";
import { encodeResource, geminiModelName } from "./model-path.ts";
import { geminiRequest } from "./request.ts";
import { geminiStream } from "./stream.ts";

/** https://ai.google.dev/api */
export const geminiApi: ProviderApi = {
  chat: {
    mustFetch: ({ source }) => source.kind === "url" && !googleReads(source.url),
    request(request, { model, basePath }) {
      const path = `${basePath}/${encodeResource(geminiModelName(model))}`;
      return { path: path + generateMethod(request.stream), ...geminiRequest(request, model) };
    },
    answer: geminiAnswer,
    stream: geminiStream,
    streamType: /^text\/event-stream\b/i,
  },
  embeddings: geminiEmbeddings,
  countTokens: geminiCountTokens,
  classifyError: classifyGeminiError,
};

export function generateMethod(stream: boolean): string {
  return stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
}
