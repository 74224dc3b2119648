/** The OpenAI endpoints that are relayed to providers, named as in metrics. */
export type Endpoint = "chat_completions" | "completions" | "embeddings";

/** What a request line means. */
export type Route =
  | { readonly kind: "call"; readonly endpoint: Endpoint }
  | { readonly kind: "models" }
  | { readonly kind: "model"; readonly name: string }
  | { readonly kind: "live" }
  | { readonly kind: "ready" }
  | { readonly kind: "wrong_method"; readonly allow: string }
  | { readonly kind: "unknown" };

/** Path under the provider's base URL. */
export const endpointPaths: Readonly<Record<Endpoint, string>> = {
  chat_completions: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
};

export function routeOf(method: string, url: string): Route {
  const target = url.startsWith("/") ? url : originForm(url);
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const route = routes.get(path) ?? modelRoute(path);
  if (route === undefined) return unknown;
  const allow = route.kind === "call" ? "POST" : "GET";
  if (method === allow || (allow === "GET" && method === "HEAD")) return route;
  return { kind: "wrong_method", allow };
}

/** Clients that take us for their proxy send the whole URL (RFC 9112, 3.2.2). */
function originForm(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, "");
}

const unknown: Route = { kind: "unknown" };

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/v1/chat/completions", { kind: "call", endpoint: "chat_completions" }],
  ["/v1/completions", { kind: "call", endpoint: "completions" }],
  ["/v1/embeddings", { kind: "call", endpoint: "embeddings" }],
  ["/v1/models", { kind: "models" }],
  ["/health/live", { kind: "live" }],
  ["/health/ready", { kind: "ready" }],
]);

/** `/v1/models/NAME`; the name may have slashes, encoded or not. */
function modelRoute(path: string): Route | undefined {
  const prefix = "/v1/models/";
  if (!path.startsWith(prefix) || path.length === prefix.length) return undefined;
  try {
    return { kind: "model", name: decodeURIComponent(path.slice(prefix.length)) };
  } catch {
    return undefined;
  }
}
