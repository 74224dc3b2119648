import { resources } from "@headgate/proto";
import type { Endpoint } from "../http/routes.ts";
import { anthropicApi } from "./anthropic/api.ts";
import { bedrockApi } from "./bedrock/api.ts";
import { geminiApi } from "./gemini/api.ts";
import { ollamaApi, ollamaGenerate } from "./ollama/api.ts";
import { azureApi, azurePath, openAiApi, openAiCompatibleApi, openAiPath } from "./openai/api.ts";
import type { Target } from "./provider-api.ts";
import type { Vendor } from "./vendor.ts";
import { vertexGeminiApi } from "./vertex/api.ts";
import { vertexClaudeApi } from "./vertex-claude/api.ts";

const { ProviderType } = resources;

/** How to speak to a provider, for one of its models. */
export function vendorOf(provider: resources.Provider, model: string): Vendor {
  const responses = provider.responses ?? speaksResponses.has(provider.type);
  switch (provider.type) {
    case ProviderType.OPENAI:
      return { api: openAiApi, relayPath: relays(openAiPath, responses) };
    case ProviderType.AZURE:
      return { api: azureApi, relayPath: relays(azurePath, responses) };
    case ProviderType.ANTHROPIC:
      return { api: anthropicApi, relayPath: anthropicPath };
    case ProviderType.GEMINI:
      return { api: geminiApi, relayPath: none };
    case ProviderType.VERTEX:
      return { api: isClaude(model) ? vertexClaudeApi : vertexGeminiApi, relayPath: none };
    case ProviderType.BEDROCK:
      return { api: bedrockApi, relayPath: none };
    case ProviderType.OLLAMA:
      return { api: ollamaApi, completions: ollamaGenerate, relayPath: none };
    default:
      return { api: openAiCompatibleApi, relayPath: relays(openAiPath, responses) };
  }
}

/** Types that serve /responses unless the provider says otherwise. */
const speaksResponses: ReadonlySet<number> = new Set([ProviderType.OPENAI, ProviderType.AZURE]);

type OpenAiEndpoint = "chat_completions" | "completions" | "embeddings" | "responses";
type PathOf = (endpoint: OpenAiEndpoint, target: Target) => string;

function relays(pathOf: PathOf, responses: boolean): Vendor["relayPath"] {
  return (endpoint, target) => {
    if (endpoint === "messages" || endpoint === "count_tokens") return undefined;
    return endpoint === "responses" && !responses ? undefined : pathOf(endpoint, target);
  };
}

function anthropicPath(endpoint: Endpoint, { basePath }: Target): string | undefined {
  if (endpoint === "messages") return `${basePath}/v1/messages`;
  return endpoint === "count_tokens" ? `${basePath}/v1/messages/count_tokens` : undefined;
}

function none(): undefined {
  return undefined;
}

/** Claude on Vertex speaks Anthropic's dialect at paths of Vertex. */
function isClaude(model: string): boolean {
  return /(?:^|\/)claude-/i.test(model);
}
