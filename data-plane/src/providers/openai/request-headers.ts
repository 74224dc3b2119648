import { resources } from "@headgate/proto";
import type { Deployment } from "../../routing/routed.ts";

/**
 * The headers of every request through one credential. What the client sent is not among them:
 * its authorization is for us, and no header of its choosing goes out with a stored credential.
 *
 * https://platform.openai.com/docs/api-reference/authentication
 */
export function providerHeaders(
  provider: resources.Provider,
  apiKey: string | undefined,
): Deployment["headers"] {
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    "headgate",
    // Usage and truncation are read from the bytes; a provider must not compress them.
    "accept-encoding",
    "identity",
  ];
  if (apiKey) headers.push("authorization", `Bearer ${apiKey}`);
  if (provider.type === resources.ProviderType.OPENAI) {
    if (provider.organization) headers.push("openai-organization", provider.organization);
    if (provider.project) headers.push("openai-project", provider.project);
  }
  return {
    plain: [...headers, "accept", "application/json"],
    stream: [...headers, "accept", "text/event-stream, application/json"],
  };
}
