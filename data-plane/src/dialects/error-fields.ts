import { Fault, faultTable } from "@headgate/core";
import { type ApiError, type ApiErrorKind, apiErrorKinds } from "../providers/api-error.ts";
import type { ErrorFields } from "./dialect.ts";

/** A vendor's error, or a fault of ours, as OpenAI would tell it. */
export function errorFields(error: ApiError | Fault): ErrorFields {
  if (error instanceof Fault) {
    const { message, param, code } = error;
    return { message, type: faultTable[code].type, param, code, status: error.status };
  }
  const row = apiErrorKinds[error.kind];
  return {
    message: error.message,
    type: error.type ?? row.type,
    param: error.param ?? null,
    code: error.code ?? row.code,
    status: own5xx.has(error.kind) && error.status >= 500 ? error.status : row.status,
  };
}

/** Kinds whose exact status among the 5xx says nothing that its kind does not: it stays as it came. */
const own5xx: ReadonlySet<ApiErrorKind> = new Set<ApiErrorKind>([
  "server_error",
  "unavailable",
  "timeout",
]);
