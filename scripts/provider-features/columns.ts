import { loadResourceSet, upstreamSettings } from "../../config/src/index.ts";
import type { Target } from "../../data-plane/src/providers/provider-api.ts";
import { vendorOf } from "../../data-plane/src/providers/registry.ts";
import type { Vendor } from "../../data-plane/src/providers/vendor.ts";

/** A model of one provider, and how it is spoken to. */
export interface Column {
  /** Head of its column. */
  readonly title: string;
  readonly type: ProviderType;
  readonly vendor: Vendor;
  readonly target: Target;
}

/** Providers as an operator would write them, one per type. */
const providers = {
  openai: {},
  azure: { base_url: "https://example.openai.azure.com" },
  anthropic: {},
  gemini: {},
  vertex: { project: "example", location: "global" },
  bedrock: { aws_region: "us-east-1" },
  ollama: {},
  groq: {},
  vllm: { base_url: "http://127.0.0.1:8000/v1" },
  tgi: { base_url: "http://127.0.0.1:8000/v1" },
  "openai-compatible": { base_url: "http://127.0.0.1:8000/v1" },
} as const;

type ProviderType = keyof typeof providers;

/** By which the features of chat are told: a new model, and older ones where they differ. */
export function chatColumns(): readonly Column[] {
  return [
    column("openai", "openai", "gpt-5.2"),
    column("compatible", "openai-compatible", "llama-3.3-70b"),
    column("Opus 4.7", "anthropic", "claude-opus-4-7"),
    column("Sonnet 4.5", "anthropic", "claude-sonnet-4-5"),
    column("Haiku 3.5", "anthropic", "claude-3-5-haiku-20241022"),
    column("Gemini 3.1", "gemini", "gemini-3.1-pro-preview"),
    column("Gemini 2.5", "gemini", "gemini-2.5-flash"),
    column("Bedrock Sonnet 4.5", "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    column("Nova 2", "bedrock", "us.amazon.nova-2-lite-v1:0"),
    column("Llama 3.3", "bedrock", "us.meta.llama3-3-70b-instruct-v1:0"),
    column("ollama gpt-oss", "ollama", "gpt-oss:20b"),
    column("ollama", "ollama", "llama3.2"),
  ];
}

/** By which the endpoints are told: every way of speaking there is. */
export function endpointColumns(): readonly Column[] {
  return [
    column("openai", "openai", "gpt-5.2"),
    column("azure", "azure", "gpt-5.2"),
    column("anthropic", "anthropic", "claude-sonnet-4-5"),
    column("gemini", "gemini", "gemini-2.5-flash"),
    column("vertex, Gemini", "vertex", "gemini-2.5-flash"),
    column("vertex, Claude", "vertex", "claude-sonnet-4-5"),
    column("bedrock", "bedrock", "us.amazon.nova-2-lite-v1:0"),
    column("ollama", "ollama", "gpt-oss:20b"),
    column("groq, vllm, tgi, openai-compatible", "openai-compatible", "llama-3.3-70b"),
  ];
}

function column(title: string, type: ProviderType, model: string): Column {
  const { baseUrl, apiVersion, project, location, provider } = loaded(type);
  const basePath = new URL(baseUrl).pathname.replace(/\/$/, "");
  const target = { model, basePath, apiVersion, project, location, keepAlive: "" };
  return { title, type, target, vendor: vendorOf(provider, model) };
}

function loaded(type: ProviderType) {
  const credentials = [type === "bedrock" ? awsKey : { name: "a", api_key: keyFor(type) }];
  const written = { name: "example", type, credentials, ...providers[type] };
  const text = JSON.stringify({ providers: [written] });
  const result = loadResourceSet({ text, env: {}, readFile: () => "" });
  const [provider] = result.ok ? result.resources.providers : [];
  if (!provider) throw new Error(`the provider of type ${type} does not load`);
  return { provider, ...upstreamSettings(provider) };
}

const awsKey = { name: "a", access_key_id: "AKIAEXAMPLE", secret_access_key: "example" };

function keyFor(type: ProviderType): string {
  const account = { type: "service_account", client_email: "a@b.test", private_key: "-----BEGIN" };
  return type === "vertex" ? JSON.stringify(account) : "example";
}
