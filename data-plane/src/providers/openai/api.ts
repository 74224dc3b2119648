import type { MediaPart } from "../../chat/chat-request.ts";
import { meaningful } from "../dropped.ts";
import type { ProviderApi, Target, VendorRequest } from "../provider-api.ts";
import { readAnswer } from "./answer.ts";
import { classifyError } from "./classify-error.ts";
import { readEmbeddings, writeEmbeddings } from "./embeddings.ts";
import { azurePath, isAzureV1, type OpenAiEndpoint, openAiPath } from "./paths.ts";
import { writeRequest } from "./request.ts";
import { compatibleServer, openAiServer, type ServerKind } from "./server-kind.ts";
import { OpenAiStreamReader } from "./stream.ts";

export { azurePath, type OpenAiEndpoint, openAiPath } from "./paths.ts";

/** OpenAI itself. */
export const openAiApi: ProviderApi = apiOf(openAiServer, openAiPath);

/** Servers that speak like it: vLLM, TGI, Groq, OpenRouter, Mistral, llama.cpp, .. */
export const openAiCompatibleApi: ProviderApi = apiOf(compatibleServer, openAiPath);

/** OpenAI's models at Azure, which names them in the path. */
export const azureApi: ProviderApi = apiOf(openAiServer, azurePath, (body, target) => {
  const { model, ...rest } = body;
  return isAzureV1(target) ? { model, ...rest } : rest;
});

type Body = VendorRequest["body"];

function apiOf(
  kind: ServerKind,
  pathOf: (endpoint: OpenAiEndpoint, target: Target) => string,
  edit: (body: Body, target: Target) => Body = (body) => body,
): ProviderApi {
  return {
    chat: {
      mustFetch,
      request(request, target) {
        const { body, dropped } = writeRequest(request, target.model, kind);
        return { path: pathOf("chat_completions", target), body: edit(body, target), dropped };
      },
      answer: readAnswer,
      stream: () => new OpenAiStreamReader(),
      streamType: /^text\/event-stream\b/i,
    },
    embeddings: {
      request(request, target) {
        const body = edit(writeEmbeddings(request, target.model), target);
        const foreign = request.more.dialect === "openai" ? [] : meaningful(request.more.members);
        return { path: pathOf("embeddings", target), body, dropped: foreign };
      },
      answer: readEmbeddings,
    },
    classifyError,
  };
}

/** Images are fetched by the server; files it takes only as data. */
function mustFetch({ type, source }: MediaPart): boolean {
  return type === "file" && source.kind === "url";
}
