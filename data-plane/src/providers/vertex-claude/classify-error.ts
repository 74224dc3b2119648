import { isRecord, parseJson } from "@headgate/core";
import { classifyAnthropicError } from "../anthropic/classify-error.ts";
import type { ApiError, ApiErrorKind, ErrorAnswer } from "../api-error.ts";
import { kindOfStatus } from "../kind-of-status.ts";
import { retryAfterMs } from "../retry-after.ts";

/**
 * What Vertex says itself (`{"error": {code, message, status, details}}`, at times in a list), or what
 * Anthropic says behind it. https://cloud.google.com/apis/design/errors
 */
export function classifyVertexClaudeError(answer: ErrorAnswer): ApiError {
  const google = googleError(parseJson(answer.body.toString("utf8")));
  if (!google) return classifyAnthropicError(answer);
  const { status, headers } = answer;
  const { message, word, details } = google;
  const kind = kindByWord.get(word) ?? kindOfStatus(status);
  const waits = retryAfterMs(headers) ?? retryDelayMs(details);
  return {
    kind: kind === "not_found" ? "model_not_found" : kind,
    message,
    status,
    ...(waits !== undefined && { retryAfterMs: waits }),
  };
}

interface GoogleError {
  readonly message: string;
  readonly word: string;
  readonly details: unknown;
}

/** Anthropic's has a type, and no status in words. */
function googleError(body: unknown): GoogleError | undefined {
  const value: unknown = Array.isArray(body) ? body[0] : body;
  const error = isRecord(value) ? value["error"] : undefined;
  if (!isRecord(error) || typeof error["type"] === "string") return undefined;
  const { message, status, code, details } = error;
  if (typeof status !== "string" && typeof code !== "number") return undefined;
  return {
    message: typeof message === "string" && message !== "" ? message : "Vertex gave no reason.",
    word: typeof status === "string" ? status : "",
    details,
  };
}

const kindByWord: ReadonlyMap<string, ApiErrorKind> = new Map([
  ["UNAUTHENTICATED", "credential_rejected"],
  ["PERMISSION_DENIED", "credential_rejected"],
  ["RESOURCE_EXHAUSTED", "rate_limited"],
  ["DEADLINE_EXCEEDED", "timeout"],
  ["UNAVAILABLE", "unavailable"],
]);

/** `google.rpc.RetryInfo`: `"34.5s"`. */
function retryDelayMs(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  for (const detail of details) {
    const delay = isRecord(detail) ? detail["retryDelay"] : undefined;
    const seconds = typeof delay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined;
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}
