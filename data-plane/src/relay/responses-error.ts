import { isRecord } from "@headgate/core";
import { type ApiError, type ApiErrorKind, apiErrorKinds } from "../providers/api-error.ts";

/**
 * The error that a response failed of, told within a 200: in an `error` event (its members within
 * `error`, or flat), in `response.failed`, or in a body of status `failed`.
 *
 * https://platform.openai.com/docs/api-reference/responses-streaming/error
 */
export function responsesError(value: unknown): ApiError {
  const error = errorMembers(value);
  const { code, message } = error;
  const kind = kindOf(code, error.type);
  const retryAfterMs = kind === "rate_limited" ? waitMs(message) : undefined;
  return {
    kind,
    message,
    status: statuses[kind] ?? apiErrorKinds[kind].status,
    ...(error.param !== undefined && { param: error.param }),
    ...(error.type !== undefined && { type: error.type }),
    ...(code !== undefined && { code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

interface Members {
  readonly message: string;
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
}

function errorMembers(value: unknown): Members {
  if (typeof value === "string") return { message: value };
  const event = isRecord(value) ? value : {};
  if (typeof event["error"] === "string") return { message: event["error"] };
  const nested = isRecord(event["error"]);
  const error: Readonly<Record<string, unknown>> = isRecord(event["error"])
    ? event["error"]
    : event;
  const type = text(error["type"]);
  const code = text(error["code"]);
  const param = text(error["param"]);
  return {
    message: text(error["message"]) ?? "The provider failed without saying why.",
    // The type of a flat event is that of the event.
    ...(type !== undefined && (nested || type !== "error") && { type }),
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
  };
}

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function kindOf(code: string | undefined, type: string | undefined): ApiErrorKind {
  return known(code) ?? known(type) ?? "server_error";
}

function known(word: string | undefined): ApiErrorKind | undefined {
  return word !== undefined && Object.hasOwn(kinds, word) ? kinds[word] : undefined;
}

/** The codes of the API's description, those seen in recordings, and HTTP statuses as OpenRouter gives them. */
const kinds: Readonly<Record<string, ApiErrorKind>> = {
  server_error: "server_error",
  internal_error: "server_error",
  internal_server_error: "server_error",
  rate_limit_exceeded: "rate_limited",
  rate_limit_error: "rate_limited",
  too_many_requests: "rate_limited",
  slow_down: "rate_limited",
  tokens: "rate_limited",
  requests: "rate_limited",
  insufficient_quota: "quota_spent",
  billing_hard_limit_reached: "quota_spent",
  credit_balance_exhausted: "quota_spent",
  context_length_exceeded: "context_too_long",
  string_above_max_length: "context_too_long",
  content_filter: "content_filtered",
  content_policy_violation: "content_filtered",
  image_content_policy_violation: "content_filtered",
  bio_policy: "content_filtered",
  cyber_policy_violation: "content_filtered",
  invalid_prompt: "invalid_request",
  invalid_request: "invalid_request",
  invalid_request_error: "invalid_request",
  data_residency_mismatch: "invalid_request",
  invalid_image: "invalid_request",
  invalid_image_format: "invalid_request",
  invalid_base64_image: "invalid_request",
  invalid_image_url: "invalid_request",
  invalid_image_mode: "invalid_request",
  image_too_large: "invalid_request",
  image_too_small: "invalid_request",
  image_parse_error: "invalid_request",
  image_file_too_large: "invalid_request",
  image_file_not_found: "invalid_request",
  unsupported_image_media_type: "invalid_request",
  empty_image_file: "invalid_request",
  failed_to_download_image: "invalid_request",
  vector_store_timeout: "timeout",
  timeout: "timeout",
  server_is_overloaded: "overloaded",
  overloaded_error: "overloaded",
  engine_overloaded: "overloaded",
  service_unavailable: "unavailable",
  service_unavailable_error: "unavailable",
  invalid_api_key: "credential_rejected",
  authentication_error: "credential_rejected",
  permission_error: "credential_rejected",
  model_not_found: "model_not_found",
  not_found: "not_found",
  not_found_error: "not_found",
  400: "invalid_request",
  401: "credential_rejected",
  403: "credential_rejected",
  404: "not_found",
  408: "timeout",
  413: "request_too_large",
  429: "rate_limited",
  500: "server_error",
  502: "unavailable",
  503: "unavailable",
  504: "timeout",
  529: "overloaded",
};

/** What the provider would have answered, where that is not what we answer. */
const statuses: Partial<Record<ApiErrorKind, number>> = { credential_rejected: 401 };

/** "Please try again in 1.5s." */
function waitMs(message: string): number | undefined {
  const [, amount, unit] = /try again in (\d{1,6}(?:\.\d{1,6})?)(ms|s)\b/.exec(message) ?? [];
  return amount === undefined ? undefined : Math.ceil(Number(amount) * (unit === "s" ? 1000 : 1));
}
