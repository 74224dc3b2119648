/** Types of providers that play recordings. */
export type UpstreamType = keyof typeof upstreams;

/** How a provider of the type is asked: what the fake provider checks of each request. */
export const upstreams = {
  anthropic: { path: /^\/v1\/messages$/, header: "x-api-key", value: /^sk-upstream$/ },
  gemini: {
    path: /^\/v1beta\/models\/upstream-\d+:(generateContent|streamGenerateContent\?alt=sse)$/,
    header: "x-goog-api-key",
    value: /^sk-upstream$/,
  },
  vertex: {
    path: /^\/v1\/projects\/project-e2e\/locations\/europe-west1\/publishers\/google\/models\/upstream-\d+:(generateContent|streamGenerateContent\?alt=sse)$/,
    header: "authorization",
    value: /^Bearer ya29\./,
  },
  "vertex-claude": {
    path: /^\/v1\/projects\/project-e2e\/locations\/europe-west1\/publishers\/anthropic\/models\/claude-upstream-\d+:(rawPredict|streamRawPredict)$/,
    header: "authorization",
    value: /^Bearer ya29\./,
  },
  bedrock: {
    path: /^\/model\/upstream-\d+\/converse(-stream)?$/,
    header: "authorization",
    value: /^AWS4-HMAC-SHA256 Credential=AKIAE2E\/\d{8}\/eu-central-1\/bedrock\/aws4_request, /,
  },
  openai: {
    path: /^\/v1\/(chat\/completions|completions|embeddings|responses)$/,
    header: "authorization",
    value: /^Bearer sk-upstream$/,
  },
  "openai-compatible": {
    path: /^\/v1\/(chat\/completions|completions|embeddings|responses)$/,
    header: "authorization",
    value: /^Bearer sk-upstream$/,
  },
  /** It knows chat and completions, and no Responses API. */
  "chat-server": {
    path: /^\/v1\/(chat\/)?completions$/,
    header: "authorization",
    value: /^Bearer sk-upstream$/,
  },
  azure: {
    path: /^\/openai\/(deployments\/upstream-\d+\/(chat\/completions|completions|embeddings)|v1\/responses|responses)(\?api-version=[\w-]+)?$/,
    header: "api-key",
    value: /^sk-upstream$/,
  },
  ollama: { path: /^\/api\/(chat|generate)$/, header: "host", value: /./ },
} as const;

export interface UpstreamPlace {
  readonly origin: string;
  /** Of the service account, as JSON text within YAML. */
  readonly account: string;
  /** Of the credential. */
  readonly name: string;
}

/** A provider of the type, as YAML, less its name. */
export function providerFields(
  type: UpstreamType,
  { origin, account, name }: UpstreamPlace,
): readonly string[] {
  const credential = `credentials: [{name: ${name}, api_key: sk-upstream}]`;
  switch (type) {
    case "anthropic":
      return ["type: anthropic", `base_url: ${origin}`, credential];
    case "gemini":
      return ["type: gemini", `base_url: ${origin}/v1beta`, credential];
    case "vertex":
    case "vertex-claude":
      return [
        "type: vertex",
        `base_url: ${origin}/v1`,
        "project: project-e2e",
        "location: europe-west1",
        `credentials: [{name: ${name}, api_key: ${account}}]`,
      ];
    case "bedrock":
      return [
        "type: bedrock",
        `base_url: ${origin}`,
        "aws_region: eu-central-1",
        `credentials: [{name: ${name}, access_key_id: AKIAE2E, secret_access_key: secret-e2e}]`,
      ];
    case "openai":
      return ["type: openai", `base_url: ${origin}/v1`, credential];
    case "openai-compatible":
      return ["type: openai-compatible", `base_url: ${origin}/v1`, "responses: true", credential];
    case "chat-server":
      return ["type: openai-compatible", `base_url: ${origin}/v1`, credential];
    case "azure":
      return ["type: azure", `base_url: ${origin}`, credential];
    case "ollama":
      return ["type: ollama", `base_url: ${origin}`];
  }
}
