import { resources } from "@headgate/proto";

/** Name, value, name, value: for plain answers and for streams. */
export interface RequestHeaders {
  readonly plain: readonly string[];
  readonly stream: readonly string[];
}

const { ProviderType } = resources;

/**
 * The headers of every request through one credential. What the client sent is not among them:
 * its authorization is for us, and no header of its choosing goes out with a stored credential.
 */
export function requestHeaders(
  provider: resources.Provider,
  credential: resources.Credential | undefined,
): RequestHeaders {
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    "headgate",
    // Usage and truncation are read from the bytes; a provider must not compress them.
    "accept-encoding",
    "identity",
    ...keyHeaders(provider.type, credential?.apiKey ?? ""),
  ];
  if (provider.type === ProviderType.OPENAI) {
    if (provider.organization) headers.push("openai-organization", provider.organization);
    if (provider.project) headers.push("openai-project", provider.project);
  }
  if (provider.type === ProviderType.ANTHROPIC) {
    headers.push("anthropic-version", provider.anthropicVersion || anthropicVersion);
  }
  return {
    plain: [...headers, "accept", "application/json"],
    stream: [...headers, "accept", `${streamType(provider.type)}, application/json`],
  };
}

/** https://docs.anthropic.com/en/api/versioning: what our translations are written for. */
const anthropicVersion = "2023-06-01";

/** How each vendor takes its key. Vertex and Bedrock's access keys are signed per request: authorize.ts. */
function keyHeaders(type: resources.ProviderType, apiKey: string): readonly string[] {
  if (apiKey === "") return [];
  switch (type) {
    case ProviderType.AZURE:
      return ["api-key", apiKey];
    case ProviderType.ANTHROPIC:
      return ["x-api-key", apiKey];
    case ProviderType.GEMINI:
      return ["x-goog-api-key", apiKey];
    case ProviderType.VERTEX:
      return [];
    default:
      return ["authorization", `Bearer ${apiKey}`];
  }
}

function streamType(type: resources.ProviderType): string {
  switch (type) {
    case ProviderType.BEDROCK:
      return "application/vnd.amazon.eventstream";
    case ProviderType.OLLAMA:
      return "application/x-ndjson";
    default:
      return "text/event-stream";
  }
}
