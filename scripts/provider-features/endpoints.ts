import type { Endpoint } from "../../data-plane/src/http/routes.ts";
import { serves } from "../../data-plane/src/providers/vendor.ts";
import type { Column } from "./columns.ts";

export const endpoints: readonly (readonly [path: string, endpoint: Endpoint])[] = [
  ["/v1/chat/completions", "chat_completions"],
  ["/v1/completions", "completions"],
  ["/v1/embeddings", "embeddings"],
  ["/v1/responses", "responses"],
  ["/v1/messages", "messages"],
  ["/v1/messages/count_tokens", "count_tokens"],
];

/** How a provider's deployments serve an endpoint. */
export function servedHow(endpoint: Endpoint, { vendor, target }: Column): string {
  if (vendor.relayPath(endpoint, target) !== undefined) return "relayed";
  if (!serves(vendor, endpoint, target)) return "–";
  if (endpoint === "count_tokens") return vendor.api.countTokens ? "translated" : "estimated";
  return "translated";
}
