import { type Endpoint, isAnthropic } from "../http/routes.ts";
import { anthropicErrorBody } from "./anthropic/write-error.ts";
import type { ErrorFields } from "./dialect.ts";

/** An error as the clients of an endpoint read it. */
export function errorBody(endpoint: Endpoint, fields: ErrorFields, requestId: string): object {
  if (isAnthropic(endpoint)) return anthropicErrorBody(fields, requestId);
  const { message, type, param, code } = fields;
  return { error: { message, type, param, code } };
}
