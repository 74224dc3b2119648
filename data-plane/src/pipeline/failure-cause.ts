import { type ApiError, apiErrorKinds } from "../providers/api-error.ts";
import type { Failure } from "./failure.ts";

/** What retry policies match of a provider's error: the status it sent, or should have sent. */
export function failureCause({ kind, status }: ApiError): Failure["cause"] {
  if (kind === "credential_rejected") return status === 403 ? "403" : "401";
  if (kind === "rate_limited" || kind === "quota_spent") return "429";
  if (kind === "overloaded") return status >= 500 ? `${status}` : "529";
  const meant = apiErrorKinds[kind].status;
  return meant >= 500 && status < 500 && !saysTryAgain.has(status) ? `${meant}` : `${status}`;
}

/** Others below 500 say that the client is at fault, as AWS's and TGI's 424 does of a model that failed. */
const saysTryAgain: ReadonlySet<number> = new Set([408, 409, 429]);
