import type { UpstreamHeaders } from "../providers/openai/classify-error.ts";
import type { Deployment } from "../routing/routed.ts";
import type { Call } from "./call.ts";

/** The provider's headers that mean something to its clients and nothing about our account. */
const passedOn = ["content-type", "openai-processing-ms", "openai-version"] as const;

/** Head of an answer that came from a provider: name, value, name, value. */
export function answerHeaders(
  call: Call,
  deployment: Deployment,
  headers: UpstreamHeaders,
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
    if (typeof value === "string") result.push(name, value);
  }
  return result;
}
