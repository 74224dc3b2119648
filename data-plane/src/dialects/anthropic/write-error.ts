import type { ErrorFields } from "../dialect.ts";

/**
 * An error as Anthropic tells it. https://platform.claude.com/docs/en/api/errors
 * @param requestId what the client may tell its operator.
 */
export function anthropicErrorBody(
  { status, message, code }: Pick<ErrorFields, "status" | "message"> & Partial<ErrorFields>,
  requestId: string | null,
): Readonly<Record<string, unknown>> {
  const type = code === overloadedCode ? "overloaded_error" : anthropicErrorType(status);
  return { type: "error", error: { type, message }, request_id: requestId };
}

/** The status that goes with an error: Anthropic has one of its own for being overloaded. */
export function anthropicErrorStatus({
  status,
  code,
}: Pick<ErrorFields, "status" | "code">): number {
  return code === overloadedCode ? 529 : status;
}

const overloadedCode = "server_is_overloaded";

/** Clients choose their class of error by the status, and show the type. */
export function anthropicErrorType(status: number): string {
  const type = types.get(status);
  if (type !== undefined) return type;
  return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
}

const types: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [408, "timeout_error"],
  [409, "conflict_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [503, "overloaded_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);
