import { isRecord } from "../json/is-record.ts";

/**
 * The error that an event, or a body, tells of; undefined if it is none. OpenAI wraps it in `error`;
 * vLLM has `{"object":"error","message":..}`, Alibaba `{"code":..,"message":..}`.
 */
export function errorInEvent(
  event: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | string | undefined {
  const error = event["error"];
  if (isRecord(error)) return error;
  if (typeof error === "string" && error !== "") return error;
  if ("choices" in event || typeof event["message"] !== "string") return undefined;
  const bare = event["object"] === "error" || event["type"] === "error" || hasCode(event);
  return bare ? event : undefined;
}

function hasCode({ code, error_code }: Readonly<Record<string, unknown>>): boolean {
  return [code, error_code].some((value) => typeof value === "string" || typeof value === "number");
}
