import type { StoredResponse } from "./stored-response.ts";

/** The endpoints that are served from deployments, named as in metrics. */
export type Endpoint =
  | "chat_completions"
  | "completions"
  | "embeddings"
  /** OpenAI's Responses API. */
  | "responses"
  /** Anthropic's Messages API. */
  | "messages"
  | "count_tokens";

/** What a request line means. */
export type Route =
  /** `model`: named by the path, which wins over the body's (Azure). */
  | { readonly kind: "call"; readonly endpoint: Endpoint; readonly model?: string }
  | { readonly kind: "models" }
  | { readonly kind: "model"; readonly name: string }
  | ({ readonly kind: "stored_response" } & StoredResponse)
  | { readonly kind: "live" }
  | { readonly kind: "ready" }
  | { readonly kind: "wrong_method"; readonly allow: string }
  | { readonly kind: "unknown" };

/** Endpoints whose clients speak Anthropic's dialect, errors included. */
export function isAnthropic(endpoint: Endpoint): boolean {
  return endpoint === "messages" || endpoint === "count_tokens";
}

export function routeOf(method: string, url: string): Route {
  const target = url.startsWith("/") ? url : originForm(url);
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const route = routes.get(path) ?? storedRoute(path) ?? modelRoute(path);
  if (route === undefined) return unknown;
  const allow = allowed(route);
  return allow.includes(method) ? route : { kind: "wrong_method", allow: allow[0] ?? "" };
}

function allowed(route: Route): readonly string[] {
  if (route.kind === "call") return ["POST"];
  if (route.kind !== "stored_response") return ["GET", "HEAD"];
  if (route.action === "/cancel") return ["POST"];
  return route.action === "" ? ["GET", "DELETE"] : ["GET"];
}

/** Clients that take us for their proxy send the whole URL (RFC 9112, 3.2.2). */
function originForm(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, "");
}

const unknown: Route = { kind: "unknown" };

const calls: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ["/chat/completions", "chat_completions"],
  ["/completions", "completions"],
  ["/embeddings", "embeddings"],
  ["/responses", "responses"],
  ["/messages", "messages"],
  ["/messages/count_tokens", "count_tokens"],
]);

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ...["/v1", "/openai/v1"].flatMap((base) => [
    ...[...calls].map(([path, endpoint]) => [base + path, { kind: "call", endpoint }] as const),
    [`${base}/models`, { kind: "models" }] as const,
  ]),
  // AzureOpenAI's client asks for what no deployment is named in here.
  ["/openai/responses", { kind: "call", endpoint: "responses" }],
  ["/openai/models", { kind: "models" }],
  ["/health/live", { kind: "live" }],
  ["/health/ready", { kind: "ready" }],
]);

function storedRoute(path: string): Route | undefined {
  const [, id, action = ""] = storedPath.exec(path) ?? [];
  return id === undefined ? undefined : { kind: "stored_response", id, action };
}

const storedPath = /^(?:\/openai)?(?:\/v1)?\/responses\/([\w.-]+)(\/cancel|\/input_items)?$/;

/** Paths that name a model; the name may have slashes, encoded or not. */
function modelRoute(path: string): Route | undefined {
  const deployment = deploymentPath.exec(path);
  const endpoint = calls.get(deployment?.[2] ?? "");
  const named = deployment?.[1] ?? modelPath.exec(path)?.[1];
  if (named === undefined || (deployment && endpoint === undefined)) return undefined;
  try {
    const name = decodeURIComponent(named);
    return endpoint ? { kind: "call", endpoint, model: name } : { kind: "model", name };
  } catch {
    return undefined;
  }
}

/** https://learn.microsoft.com/azure/ai-services/openai/reference */
const deploymentPath =
  /^\/openai\/deployments\/([^/].*?)(\/(?:chat\/completions|completions|embeddings|responses))$/;
const modelPath = /^(?:\/v1|\/openai\/v1|\/openai)\/models\/(.+)$/;
