import { isRecord, jsonText } from "@headgate/core";
import type { ApiErrorKind } from "../api-error.ts";
import type { GoogleError } from "./google-error.ts";

/**
 * What Google's error comes down to. The message decides where one status means several things:
 * a wrong API key is a 400 INVALID_ARGUMENT, and so is a prompt that is too long.
 */
export function errorKind(error: GoogleError, status: number): ApiErrorKind {
  if (isCredential(error)) return "credential_rejected";
  switch (error.status || statusName(status)) {
    case "INVALID_ARGUMENT":
    case "OUT_OF_RANGE":
      return invalidKind(error.message);
    case "FAILED_PRECONDITION":
      return preconditionKind(error.message);
    case "UNAUTHENTICATED":
      return "credential_rejected";
    case "PERMISSION_DENIED":
      // Of a file or cache that the client named; anything else is about our account.
      return /\b(file|cached ?content)\b/i.test(error.message)
        ? "invalid_request"
        : "credential_rejected";
    case "NOT_FOUND":
      return /\bmodels?\b/i.test(error.message) ? "model_not_found" : "not_found";
    case "RESOURCE_EXHAUSTED":
      return isSpent(error) ? "quota_spent" : "rate_limited";
    case "UNAVAILABLE":
      return /overloaded|high demand/i.test(error.message) ? "overloaded" : "unavailable";
    case "DEADLINE_EXCEEDED":
      return "timeout";
    case "ABORTED":
    case "CANCELLED":
      return "server_error";
    case "REQUEST_TOO_LARGE":
      return "request_too_large";
    default:
      return status >= 400 && status < 500 ? invalidKind(error.message) : "server_error";
  }
}

/** For answers that do not say: https://cloud.google.com/apis/design/errors#handling_errors */
function statusName(status: number): string {
  return names.get(status) ?? "";
}

const names = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [408, "DEADLINE_EXCEEDED"],
  [413, "REQUEST_TOO_LARGE"],
  [429, "RESOURCE_EXHAUSTED"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** https://cloud.google.com/apis/docs/reference/rest (google.api.ErrorReason) */
function isCredential({ details, message }: GoogleError): boolean {
  if (details.some(({ reason }) => credentialReasons.has(jsonText(reason)))) return true;
  return /\bAPI key (?:not (?:valid|found)|expired|is invalid)\b/i.test(message);
}

const credentialReasons = new Set([
  "API_KEY_INVALID",
  "API_KEY_EXPIRED",
  "API_KEY_SERVICE_BLOCKED",
  "API_KEY_HTTP_REFERRER_BLOCKED",
  "API_KEY_IP_ADDRESS_BLOCKED",
  "ACCESS_TOKEN_EXPIRED",
  "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
  "ACCESS_TOKEN_TYPE_UNSUPPORTED",
  "ACCOUNT_STATE_INVALID",
  "CREDENTIALS_MISSING",
  "CONSUMER_INVALID",
  "CONSUMER_SUSPENDED",
  "IAM_PERMISSION_DENIED",
  "SERVICE_DISABLED",
  "BILLING_DISABLED",
]);

function invalidKind(message: string): ApiErrorKind {
  if (tooLong.test(message)) return "context_too_long";
  if (/payload size exceeds/i.test(message)) return "request_too_large";
  if (/responsible AI|usage guidelines|content polic|prohibited use/i.test(message)) {
    return "content_filtered";
  }
  return "invalid_request";
}

const tooLong =
  /input token count.*exceeds|exceeds the maximum number of tokens|(?:prompt|input|context)\b.*\btoo long/is;

/** Not the request's fault: this account, or this place, is not served. */
function preconditionKind(message: string): ApiErrorKind {
  if (/billing/i.test(message)) return "quota_spent";
  return /location is not supported/i.test(message) ? "unavailable" : invalidKind(message);
}

/** Of a day, or of money, or none at all: waiting a moment does not help. */
function isSpent({ details, message }: GoogleError): boolean {
  if (/credits? (?:are|is) depleted|spending cap|limit: 0\b/i.test(message)) return true;
  return details.some(
    ({ violations }) => Array.isArray(violations) && violations.some(isDailyOrNothing),
  );
}

function isDailyOrNothing(violation: unknown): boolean {
  if (!isRecord(violation)) return false;
  const { quotaId, quotaValue } = violation;
  return (typeof quotaId === "string" && /PerDay/i.test(quotaId)) || quotaValue === "0";
}
