import { isRecord, parseJson } from "@headgate/core";
import type { ApiError, ApiErrorKind, ErrorAnswer } from "../api-error.ts";
import { kindOfStatus } from "../kind-of-status.ts";
import { retryAfterMs } from "../retry-after.ts";

/** `{"error": "model 'x' not found"}`; newer routes, and Ollama's cloud, write an object. */
export function classifyError({ status, headers, body }: ErrorAnswer): ApiError {
  const text = body.toString("utf8");
  const value = parseJson(text);
  const error = isRecord(value) ? value["error"] : undefined;
  const told = isRecord(error) ? error["message"] : error;
  const message = typeof told === "string" && told !== "" ? told : `status ${status}`;
  const wait = retryAfterMs(headers);
  const classified = errorOfMessage(message, status);
  return wait === undefined ? classified : { ...classified, retryAfterMs: wait };
}

/** Ollama's errors are messages and no more. */
export function errorOfMessage(message: string, status: number): ApiError {
  const known = byMessage.find(([pattern]) => pattern.test(message));
  return { kind: known?.[1] ?? kindOfStatus(status), message, status };
}

const byMessage: readonly (readonly [RegExp, ApiErrorKind])[] = [
  [/model .*not found|pull model manifest|try pulling it first/i, "model_not_found"],
  [/(?:prompt|input).{0,40}(?:too long|exceed)|max(?:imum)? context length/i, "context_too_long"],
  [/exceeds? (?:the )?(?:available )?context/i, "context_too_long"],
  [/(?:hourly|daily|weekly|monthly|session) (?:usage )?limit|quota/i, "quota_spent"],
  [/server busy|maximum pending requests|overloaded/i, "overloaded"],
];
