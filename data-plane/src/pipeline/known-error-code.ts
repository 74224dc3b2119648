/**
 * The provider's code for an error, if it is one that providers are known to use. What they make
 * up may hold anything, names and pieces of prompts included, and there is no end to it: it goes
 * to the client as it is, but neither into a log line nor into the label of a metric.
 *
 * https://platform.openai.com/docs/guides/error-codes, and what compatible servers were seen to say.
 */
export function knownErrorCode(code: string | undefined): string | undefined {
  return code !== undefined && knownCodes.has(code) ? code : undefined;
}

const knownCodes: ReadonlySet<string> = new Set([
  "api_error",
  "authentication_error",
  "billing_hard_limit_reached",
  "content_filter",
  "content_policy_violation",
  "context_length_exceeded",
  "engine_overloaded",
  "insufficient_quota",
  "internal_error",
  "internal_server_error",
  "invalid_api_key",
  "invalid_image",
  "invalid_json",
  "invalid_prompt",
  "invalid_request",
  "invalid_request_error",
  "invalid_type",
  "invalid_value",
  "json_validate_failed",
  "missing_required_parameter",
  "model_decommissioned",
  "model_not_active",
  "model_not_found",
  "not_found",
  "not_found_error",
  "overloaded_error",
  "permission_denied",
  "permission_error",
  "rate_limit_error",
  "rate_limit_exceeded",
  "request_too_large",
  "requests",
  "server_error",
  "server_is_overloaded",
  "service_unavailable",
  "service_unavailable_error",
  "string_above_max_length",
  "timeout",
  "tokens",
  "tool_use_failed",
  "unknown_parameter",
  "unsupported_parameter",
  "unsupported_value",
  "upstream_timeout",
]);
