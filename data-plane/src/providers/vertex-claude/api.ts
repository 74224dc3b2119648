import type { ChatRequest } from "../../chat/chat-request.ts";
import { anthropicAnswers } from "../anthropic/api.ts";
import { countedBody, inputTokens } from "../anthropic/count-tokens.ts";
import { messagesBody } from "../anthropic/request.ts";
import type { ProviderApi, Target, VendorRequest } from "../provider-api.ts";
import { classifyVertexClaudeError } from "./classify-error.ts";

/**
 * Claude on Vertex: Anthropic's bodies at Google's paths, the model in the path and a version of the
 * API in the body. Answers are Anthropic's, errors are either's.
 * https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
 */
export const vertexClaudeApi: ProviderApi = {
  chat: {
    ...anthropicAnswers,
    request: chatRequest,
    // Nothing is fetched there.
    mustFetch: ({ source }) => source.kind === "url",
  },
  countTokens: { request: countRequest, answer: inputTokens },
  classifyError: classifyVertexClaudeError,
};

function chatRequest(request: ChatRequest, target: Target): VendorRequest {
  const { body, dropped } = messagesBody(request, target.model);
  const model = encodeURIComponent(target.model).replaceAll("%40", "@");
  const method = request.stream ? "streamRawPredict" : "rawPredict";
  return { path: modelPath(target, `${model}:${method}`), body: { ...version, ...body }, dropped };
}

function countRequest(request: ChatRequest, target: Target): VendorRequest {
  const { body, dropped } = messagesBody({ ...request, stream: false }, target.model);
  return {
    path: modelPath(target, "count-tokens:rawPredict"),
    body: { ...version, model: target.model, ...countedBody(body) },
    dropped,
  };
}

function modelPath({ basePath, project, location }: Target, method: string): string {
  const place = `projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`;
  return `${basePath}/${place}/publishers/anthropic/models/${method}`;
}

const version = { anthropic_version: "vertex-2023-10-16" } as const;
