import type { ErrorFields } from "../dialect.ts";
import { eventText } from "./event-text.ts";

/**
 * What every client raises as an error: Node's looks at the name of the event, Python's at the member
 * `error`, and the API's description has the members of the error beside the type.
 * https://platform.openai.com/docs/api-reference/responses-streaming/error
 */
export function errorEvent(fields: ErrorFields, sequenceNumber: number): string {
  const { message, type, param, code } = fields;
  const error = { message, type, param, code };
  return eventText({
    type: "error",
    code,
    message,
    param,
    error,
    sequence_number: sequenceNumber,
  });
}

/** The `error` of a response that failed. */
export function failedError({ message, code, type }: ErrorFields): FailedError {
  const known = code !== null && failedCodes.has(code);
  if (known) return { code, message };
  return { code: type === "rate_limit_error" ? "rate_limit_exceeded" : "server_error", message };
}

interface FailedError {
  readonly code: string;
  readonly message: string;
}

/** Those of the API's list that are ours to say. */
const failedCodes: ReadonlySet<string> = new Set([
  "server_error",
  "rate_limit_exceeded",
  "invalid_prompt",
]);
