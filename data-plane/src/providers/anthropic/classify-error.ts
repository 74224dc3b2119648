import { isRecord, parseJson } from "@headgate/core";
import type { ApiError, ApiErrorKind, ErrorAnswer } from "../api-error.ts";
import { kindOfStatus } from "../kind-of-status.ts";
import { one } from "../retry-after.ts";
import { retryAfterAnthropicMs } from "./retry-after.ts";

/**
 * Understands any answer of Anthropic's that is not a success.
 * https://platform.claude.com/docs/en/api/errors
 */
export function classifyAnthropicError(answer: ErrorAnswer): ApiError {
  const { status, headers, body } = answer;
  const waits = retryAfterAnthropicMs(status, headers);
  const value = parseJson(body.toString("utf8"));
  const error = isRecord(value) ? anthropicError(value, status) : undefined;
  const known = error ?? { kind: kindOfStatus(status), message: notAnError(answer), status };
  return waits === undefined ? known : { ...known, retryAfterMs: waits };
}

/**
 * The error a body or an event tells of (`{"type": "error", "error": {type, message}}`); undefined if
 * it tells of none. Within a 200 the status is that which goes with the type.
 */
export function anthropicError(
  value: Readonly<Record<string, unknown>>,
  status?: number,
): ApiError | undefined {
  const error = value["error"];
  if (typeof error === "string" && error !== "") return errorOf("", error, { status });
  if (!isRecord(error)) return undefined;
  const type = textOf(error["type"]) ?? "";
  const details = isRecord(error["details"]) ? error["details"] : {};
  const message = textOf(error["message"]) ?? `The provider reported ${type || "an error"}.`;
  return errorOf(type, message, { status, code: textOf(details["error_code"]) });
}

function errorOf(
  type: string,
  message: string,
  more: { readonly status: number | undefined; readonly code?: string | undefined },
): ApiError {
  const status = more.status ?? statusByType.get(type) ?? 500;
  const kind = kindByCode.get(more.code ?? "") ?? kindOf(type, message, status);
  const param = /^([a-z_]+(?:[.[][\w.[\]-]*)?): /.exec(message)?.[1];
  return { kind, message, status, ...(param !== undefined && { param }) };
}

function kindOf(type: string, message: string, status: number): ApiErrorKind {
  switch (type) {
    case "invalid_request_error":
      return kindOfRequest(message, status);
    case "not_found_error":
      return /^model\b/i.test(message) ? "model_not_found" : "not_found";
    case "rate_limit_error":
      return spent.test(message) ? "quota_spent" : "rate_limited";
    default:
      return kindByType.get(type) ?? kindOfRequest(message, status);
  }
}

/** Anthropic has one type for most of what is wrong with a request: its words tell what. */
function kindOfRequest(message: string, status: number): ApiErrorKind {
  if (status >= 500) return kindOfStatus(status);
  if (tooLong.test(message)) return "context_too_long";
  if (spent.test(message)) return "quota_spent";
  if (filtered.test(message)) return "content_filtered";
  if (refused.test(message)) return "credential_rejected";
  return kindOfStatus(status);
}

const tooLong = /prompt is too long|input is too long|context (?:window|length|limit)/i;
const spent = /credit balance is too low|(?:usage|spend|spending) limit/i;
const filtered = /content filtering policy|blocked by (?:our )?content/i;
const refused = /organization has been disabled|account (?:is|has been) disabled/i;

const kindByType: ReadonlyMap<string, ApiErrorKind> = new Map([
  ["authentication_error", "credential_rejected"],
  ["permission_error", "credential_rejected"],
  ["billing_error", "quota_spent"],
  ["request_too_large", "request_too_large"],
  ["timeout_error", "timeout"],
  ["overloaded_error", "overloaded"],
]);

/** `error.details.error_code`, where it tells more than the type. */
const kindByCode: ReadonlyMap<string, ApiErrorKind> = new Map([
  ["contract_spend_limit_reached", "quota_spent"],
  ["enforced_spend_limit_reached", "quota_spent"],
  ["linked_organization_spend_limit_reached", "quota_spent"],
  ["linked_organization_billing_unavailable", "quota_spent"],
  ["ramp_limit_exceeded", "rate_limited"],
  ["organization_on_hold", "credential_rejected"],
  ["claude_code_key_creator_not_member", "credential_rejected"],
]);

const statusByType: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["conflict_error", 409],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["api_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529],
]);

export function notAnError({ status, headers }: ErrorAnswer): string {
  const type = one(headers["content-type"]) ?? "no content type";
  return `The provider answered ${status} without a JSON error (${type}).`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
