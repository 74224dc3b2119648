import { isAnthropic } from "../http/routes.ts";
import type { ErrorAnswer } from "../providers/api-error.ts";
import { costOf } from "../usage/usage-event.ts";
import type { Call } from "./call.ts";

/** What every answer to a call says of it, refusals included: name, value, name, value. */
export function callHeaders(call: Call): string[] {
  const headers = ["x-request-id", call.requestId];
  // Where Anthropic's clients look for it.
  if (isAnthropic(call.endpoint)) headers.push("request-id", call.requestId);
  if (call.deployment) {
    headers.push("x-headgate-deployment", call.deployment.id);
    headers.push("x-headgate-attempts", String(call.attempts));
  }
  if (call.dropped.length > 0) {
    headers.push("x-headgate-dropped-parameters", call.dropped.join(", "));
  }
  return headers;
}

/** What the call cost, for a client that sent `x-headgate-cost: true`. Streams have it as a trailer. */
export function costAsked(call: Call): string | undefined {
  if (!asksForCost(call) || !call.usage) return undefined;
  const cost = costOf(call, call.usage);
  return cost === undefined ? undefined : String(cost);
}

export function asksForCost({ request }: Call): boolean {
  return request.headers["x-headgate-cost"] === "true";
}

/** In nano-dollars: 1e-9 USD. */
export const costHeader = "x-headgate-cost-nanousd";

/** The provider's headers that mean something to its clients and nothing about our account. */
const passedOn = ["content-type", "openai-processing-ms", "openai-version"] as const;

/** Head of an answer that came from a provider. */
export function answerHeaders(
  call: Call,
  headers: ErrorAnswer["headers"],
  /** For a provider that leaves it out: official clients take what has no type for text. */
  contentType: string,
): string[] {
  const cost = call.stream ? undefined : costAsked(call);
  const result = callHeaders(call);
  if (cost !== undefined) result.push(costHeader, cost);
  for (const name of passedOn) {
    const value = headers[name];
    // Sent twice, it comes as a list.
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) result.push(name, first);
  }
  if (headers["content-type"] === undefined) result.push("content-type", contentType);
  return result;
}
