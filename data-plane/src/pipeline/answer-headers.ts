import type { Deployment } from "../routing/routed.ts";
import type { Call } from "./call.ts";
import type { UpstreamHeaders } from "./upstream-failure.ts";

/** The provider's headers that mean something to its clients and nothing about our account. */
const passedOn = ["content-type", "openai-processing-ms", "openai-version"] as const;

/** Head of an answer that came from a provider: name, value, name, value. */
export function answerHeaders(
  call: Call,
  deployment: Deployment,
  headers: UpstreamHeaders,
  /** For a provider that leaves it out: official clients take what has no type for text. */
  contentType: string,
): string[] {
  const result = [
    "x-request-id",
    call.requestId,
    "x-headgate-deployment",
    deployment.id,
    "x-headgate-attempts",
    String(call.attempts),
  ];
  for (const name of passedOn) {
    const value = headers[name];
    // Sent twice, it comes as a list.
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) result.push(name, first);
  }
  if (headers["content-type"] === undefined) result.push("content-type", contentType);
  return result;
}
