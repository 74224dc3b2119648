import { resources } from "@headgate/proto";

/** The fields of a provider that say where it is. */
export interface UpstreamFields {
  readonly name: string;
  /** A resources.ProviderType, or one of the future. */
  readonly type: number;
  readonly baseUrl: string;
  readonly apiVersion?: string;
  readonly project?: string;
  readonly location?: string;
  readonly awsRegion?: string;
}

/** What a provider's fields come down to: given, told by its base URL, or the default. */
export interface UpstreamSettings {
  /** Without a slash at the end, and without what the calls' own paths begin with. */
  readonly baseUrl: string;
  /** Azure: a date, or "v1". Empty for other types. */
  readonly apiVersion: string;
  /** Google Cloud's; for type openai the project sent as a header. */
  readonly project: string;
  readonly location: string;
  readonly awsRegion: string;
}

/** What a provider type means when its base URL is left out. */
export interface ProviderDefaults {
  /** Undefined: the operator must say more. */
  baseUrl(provider: UpstreamFields): string | undefined;
  /** The end of a URL that the paths of calls have already, and that people give all the same. */
  readonly cut?: RegExp;
}

const { ProviderType } = resources;

/** Every type; in the order in which they are shown. */
export const providerDefaults: ReadonlyMap<number, ProviderDefaults> = new Map<
  number,
  ProviderDefaults
>([
  [ProviderType.OPENAI, { baseUrl: () => "https://api.openai.com/v1" }],
  [ProviderType.AZURE, { baseUrl: unknown, cut: /\/openai(\/v1)?$/ }],
  [ProviderType.ANTHROPIC, { baseUrl: () => "https://api.anthropic.com", cut: /\/v1$/ }],
  [
    ProviderType.GEMINI,
    { baseUrl: () => "https://generativelanguage.googleapis.com/v1beta", cut: /\/openai$/ },
  ],
  [ProviderType.VERTEX, { baseUrl: vertexUrl, cut: /\/projects\/[^/]+\/locations\/[^/]+$/ }],
  [ProviderType.BEDROCK, { baseUrl: bedrockUrl }],
  // Its own API sits at the root, its OpenAI routes under /v1.
  [ProviderType.OLLAMA, { baseUrl: () => "http://127.0.0.1:11434", cut: /\/(v1|api)$/ }],
  [ProviderType.GROQ, { baseUrl: () => "https://api.groq.com/openai/v1" }],
  [ProviderType.VLLM, { baseUrl: unknown }],
  [ProviderType.TGI, { baseUrl: unknown }],
  [ProviderType.OPENAI_COMPATIBLE, { baseUrl: unknown }],
]);

/** The last version of Azure's dated API: https://learn.microsoft.com/azure/ai-services/openai/reference */
const azureApiVersion = "2024-10-21";

/**
 * The URL to which the paths of calls are appended, without a slash at the end: for those who
 * speak OpenAI's dialect `/chat/completions`, for the others what their own API says.
 *
 * @throws RangeError for a provider that checkResource() would have refused.
 */
export function upstreamBaseUrl(provider: UpstreamFields): string {
  return upstreamSettings(provider).baseUrl;
}

/** @throws RangeError for a provider that checkResource() would have refused. */
export function upstreamSettings(provider: UpstreamFields): UpstreamSettings {
  const defaults = providerDefaults.get(provider.type);
  const given = provider.baseUrl || defaults?.baseUrl(provider);
  if (!defaults || !given) throw new RangeError(`provider "${provider.name}" has no base URL`);
  const url = given.replace(/\/+$/, "");
  return {
    baseUrl: defaults.cut ? url.replace(defaults.cut, "") : url,
    apiVersion: provider.apiVersion || defaultApiVersion(provider.type, url),
    project: provider.project || toldBy(url, /\/projects\/([^/]+)\/locations\/[^/]+$/),
    location: vertexLocation(provider),
    awsRegion: bedrockRegion(provider),
  };
}

/** The host of the vendor's own API, which answers no call without a secret; undefined for others. */
export function vendorHost(provider: UpstreamFields): string | undefined {
  const { type, baseUrl } = provider;
  const standard = providerDefaults.get(type)?.baseUrl(provider);
  const url = baseUrl || standard;
  if (!url?.startsWith("https:") || !URL.canParse(url)) return undefined;
  const { host } = new URL(url);
  const isAzure = type === ProviderType.AZURE && /\.azure\.(com|us|cn)$/.test(host);
  return isAzure || url === standard ? host : undefined;
}

/** Given, or told by the base URL; else empty. */
export function vertexLocation({ type, location, baseUrl }: UpstreamFields): string {
  if (location || type !== ProviderType.VERTEX) return location ?? "";
  const url = baseUrl.replace(/\/+$/, "");
  if (/^https:\/\/aiplatform\.googleapis\.com(?![^/:])/i.test(url)) return "global";
  return (
    toldBy(url, /\/projects\/[^/]+\/locations\/([^/]+)$/) ||
    toldBy(url, /^https:\/\/([a-z0-9-]+)-aiplatform\.googleapis\.com(?![^/:])/i) ||
    toldBy(url, /^https:\/\/aiplatform\.([a-z]+)\.rep\.googleapis\.com(?![^/:])/i)
  );
}

/** Given, or told by the base URL (also that of a VPC endpoint); else empty. */
export function bedrockRegion({ type, awsRegion, baseUrl }: UpstreamFields): string {
  if (awsRegion || type !== ProviderType.BEDROCK) return awsRegion ?? "";
  const host =
    /^https?:\/\/(?:[a-z0-9-]+\.)*bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws|api\.aws)/i;
  return toldBy(baseUrl, host);
}

function unknown(): undefined {
  return undefined;
}

/** https://cloud.google.com/vertex-ai/docs/reference/rest#service-endpoint */
function vertexUrl({ location }: UpstreamFields): string | undefined {
  if (!location) return undefined;
  if (location === "global") return "https://aiplatform.googleapis.com/v1";
  // Multi-regions are whole continents: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
  const isMultiRegion = location === "eu" || location === "us";
  const host = isMultiRegion ? `aiplatform.${location}.rep` : `${location}-aiplatform`;
  return `https://${host}.googleapis.com/v1`;
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html */
function bedrockUrl({ awsRegion }: UpstreamFields): string | undefined {
  if (!awsRegion) return undefined;
  const domain = awsRegion.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return `https://bedrock-runtime.${awsRegion}.${domain}`;
}

/** A URL that ends with the v1 routes asks for them. */
function defaultApiVersion(type: number, url: string): string {
  if (type !== ProviderType.AZURE) return "";
  return url.endsWith("/openai/v1") ? "v1" : azureApiVersion;
}

/** The first group of a pattern, or empty. */
function toldBy(url: string, pattern: RegExp): string {
  return pattern.exec(url)?.[1] ?? "";
}
