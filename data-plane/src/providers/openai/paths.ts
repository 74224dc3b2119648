import type { Target } from "../provider-api.ts";

export type OpenAiEndpoint = "chat_completions" | "completions" | "embeddings" | "responses";

const endings: Readonly<Record<OpenAiEndpoint, string>> = {
  chat_completions: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
  responses: "/responses",
};

export function openAiPath(endpoint: OpenAiEndpoint, { basePath }: Target): string {
  return basePath + endings[endpoint];
}

/**
 * The model is part of the path, but for the v1 API (`api-version` "v1"), which is OpenAI's own.
 * Responses are only there. A base URL may end in `/openai` or `/openai/v1`, as Azure's portal shows it.
 *
 * https://learn.microsoft.com/azure/ai-services/openai/reference
 */
export function azurePath(endpoint: OpenAiEndpoint, target: Target): string {
  const { model, apiVersion } = target;
  const base = target.basePath.replace(/\/openai(?:\/v1)?$/, "");
  if (endpoint === "responses" || isAzureV1(target)) {
    return `${base}/openai/v1${endings[endpoint]}`;
  }
  const deployment = `${base}/openai/deployments/${encodeURIComponent(model)}`;
  return `${deployment}${endings[endpoint]}?api-version=${encodeURIComponent(apiVersion)}`;
}

export function isAzureV1({ apiVersion }: Target): boolean {
  return apiVersion === "v1";
}
