import { geminiAnswer } from "../gemini/answer.ts";
import { geminiApi, generateMethod } from "../gemini/api.ts";
import { geminiRequest } from "../gemini/request.ts";
import { geminiStream } from "../gemini/stream.ts";
import type { ProviderApi } from "../provider-api.ts";
import { classifyVertexError } from "./classify-error.ts";
import { vertexCountTokens } from "./count-tokens.ts";
import { vertexEmbeddings } from "./embeddings.ts";
import { vertexModelPath } from "./model-path.ts";

/**
 * Gemini on Vertex AI: the same requests and answers as its own API's, at other paths.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
 */
export const vertexGeminiApi: ProviderApi = {
  chat: {
    ...geminiApi.chat,
    request(request, target) {
      const path = vertexModelPath(target) + generateMethod(request.stream);
      return { path, ...geminiRequest(request, target.model) };
    },
    answer: geminiAnswer,
    stream: geminiStream,
  },
  embeddings: vertexEmbeddings,
  countTokens: vertexCountTokens,
  classifyError: classifyVertexError,
};
