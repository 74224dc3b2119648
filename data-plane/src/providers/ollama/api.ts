import { fetchesNothing } from "../fetches-nothing.ts";
import type { ChatApi, ProviderApi } from "../provider-api.ts";
import { ollamaAnswer } from "./answer.ts";
import { classifyError } from "./classify-error.ts";
import { ollamaEmbeddings } from "./embeddings.ts";
import { generateRequest } from "./generate.ts";
import { chatRequest } from "./request.ts";
import { OllamaStream } from "./stream.ts";

const chat: ChatApi = {
  mustFetch: fetchesNothing,
  request: chatRequest,
  answer: ollamaAnswer,
  stream: (request) => new OllamaStream(request),
  streamType: /^application\/x-ndjson\b/i,
};

/** Ollama's own API. https://docs.ollama.com/api */
export const ollamaApi: ProviderApi = { chat, embeddings: ollamaEmbeddings, classifyError };

/** Legacy completions: the request has one message, the user's, and that is the prompt. */
export const ollamaGenerate: ChatApi = { ...chat, request: generateRequest };
