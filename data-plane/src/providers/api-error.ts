/**
 * What vendors' errors come down to: one closed table. Each vendor's `classify-error.ts` says which
 * kind its error is; what follows from the kind (the client's status and code, whether another
 * deployment may do better, whether this one rests) is decided here, once.
 *
 * Statuses, types and codes are OpenAI's: https://platform.openai.com/docs/guides/error-codes
 */
export const apiErrorKinds = {
  invalid_request: kind(400, "invalid_request_error", null),
  /** More input than the model takes. */
  context_too_long: kind(400, "invalid_request_error", "context_length_exceeded"),
  /** The vendor's filter refused the prompt. */
  content_filtered: kind(400, "invalid_request_error", "content_filter"),
  /** Our credential was refused: never shown as the client's 401. */
  credential_rejected: kind(502, "server_error", "upstream_credentials_rejected"),
  not_found: kind(404, "invalid_request_error", "not_found"),
  /** The vendor does not know the deployment's model: the operator's mistake, or a retired model. */
  model_not_found: kind(404, "invalid_request_error", "model_not_found"),
  request_too_large: kind(413, "invalid_request_error", "request_too_large"),
  rate_limited: kind(429, "rate_limit_error", "rate_limit_exceeded"),
  /** Money or a monthly quota is spent: waiting a moment does not help. */
  quota_spent: kind(429, "insufficient_quota", "insufficient_quota"),
  server_error: kind(500, "server_error", null),
  unavailable: kind(503, "service_unavailable_error", null),
  /** Anthropic's 529 and its like. */
  overloaded: kind(503, "service_unavailable_error", "server_is_overloaded"),
  timeout: kind(504, "server_error", "upstream_timeout"),
} as const satisfies Record<string, ApiErrorRow>;

export type ApiErrorKind = keyof typeof apiErrorKinds;

interface ApiErrorRow {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

/** A vendor's error, understood. */
export interface ApiError {
  readonly kind: ApiErrorKind;
  /** The vendor's own words. */
  readonly message: string;
  /** The status the vendor sent, or should have (an error inside a 200). Retry policies match it. */
  readonly status: number;
  /** The parameter at fault, where the vendor says. */
  readonly param?: string;
  /** The vendor's own type and code, where it has them as OpenAI does; absent: those of the kind. */
  readonly type?: string;
  readonly code?: string | null;
  /** How long the vendor asked to wait. */
  readonly retryAfterMs?: number;
}

/** Head and body of an answer that is not a success. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function kind(status: number, type: string, code: string | null): ApiErrorRow {
  return { status, type, code };
}
