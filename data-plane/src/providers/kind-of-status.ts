import type { ApiErrorKind } from "./api-error.ts";

/**
 * What an error comes down to that says nothing but its status, also one of what stands before the
 * API (load balancers, Cloudflare's 52x).
 */
export function kindOfStatus(status: number): ApiErrorKind {
  const kind = kinds.get(status);
  if (kind) return kind;
  return status >= 400 && status < 500 ? "invalid_request" : "server_error";
}

const kinds: ReadonlyMap<number, ApiErrorKind> = new Map<number, ApiErrorKind>([
  [401, "credential_rejected"],
  [402, "quota_spent"],
  [403, "credential_rejected"],
  [404, "not_found"],
  [408, "timeout"],
  [413, "request_too_large"],
  // AWS's and TGI's, of a model that failed while it answered.
  [424, "server_error"],
  [429, "rate_limited"],
  [502, "unavailable"],
  [503, "unavailable"],
  [504, "timeout"],
  [520, "unavailable"],
  [521, "unavailable"],
  [522, "timeout"],
  [523, "unavailable"],
  [524, "timeout"],
  [529, "overloaded"],
]);
