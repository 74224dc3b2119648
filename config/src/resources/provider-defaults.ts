import { resources } from "@headgate/proto";

/** What a provider type means when its fields are left out. */
export interface ProviderDefaults {
  /** Undefined: the operator must say. */
  readonly baseUrl: string | undefined;
  /** Goes between `baseUrl` and `/chat/completions`, unless the URL ends with it already. */
  readonly openAiPath: string;
}

const { ProviderType } = resources;

/** The types that are served, each through its OpenAI routes. The rest are refused. */
export const providerDefaults: ReadonlyMap<number, ProviderDefaults> = new Map([
  [ProviderType.OPENAI, { baseUrl: "https://api.openai.com/v1", openAiPath: "" }],
  [ProviderType.GROQ, { baseUrl: "https://api.groq.com/openai/v1", openAiPath: "" }],
  // Ollama's own API sits at the root, its OpenAI routes under /v1.
  [ProviderType.OLLAMA, { baseUrl: "http://127.0.0.1:11434", openAiPath: "/v1" }],
  [ProviderType.VLLM, { baseUrl: undefined, openAiPath: "" }],
  [ProviderType.TGI, { baseUrl: undefined, openAiPath: "" }],
  [ProviderType.OPENAI_COMPATIBLE, { baseUrl: undefined, openAiPath: "" }],
]);

/**
 * The URL to which `/chat/completions` is appended, without a trailing slash.
 *
 * @throws RangeError for a provider that checkResource() would have refused.
 */
export function upstreamBaseUrl(
  provider: Pick<resources.Provider, "name" | "type" | "baseUrl">,
): string {
  const defaults = providerDefaults.get(provider.type);
  const given = provider.baseUrl || defaults?.baseUrl;
  if (!defaults || !given) throw new RangeError(`provider "${provider.name}" has no base URL`);
  const base = given.replace(/\/+$/, "");
  return base.endsWith(defaults.openAiPath) ? base : base + defaults.openAiPath;
}
