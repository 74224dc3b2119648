import type { Fault } from "@headgate/core";
import type { ApiErrorKind } from "../providers/api-error.ts";

/** Why an attempt failed before the client saw a byte of it. */
export interface Failure {
  /** What the retry policy matches: "connect_error", "timeout", or the status, "429". */
  readonly cause: "connect_error" | "timeout" | `${number}`;
  /** What it comes down to, where the provider said. */
  readonly kind?: ApiErrorKind;
  /** What the client gets if this was the last attempt: the provider's own answer, or ours. */
  readonly answer: UpstreamAnswer | Fault;
  /** How long the provider asked us to wait, if it did. */
  readonly retryAfterMs?: number;
  /** A kept-alive connection was closed as we sent on it: in all likelihood its peer has not seen the request. */
  readonly stale?: boolean;
  /** This deployment can't be asked that; another may be, and no attempt was spent. */
  readonly unsuitable?: boolean;
}

/** A provider's refusal, as the client reads it: in the provider's own bytes where they speak the same. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** The provider's error code or type, for the log and metrics: undefined unless it is a known one. */
  readonly code: string | undefined;
}

/** Whether the policy's list names this failure: by word, status, or class ("5xx"). */
export function isRetryable(cause: Failure["cause"], retryOn: ReadonlySet<string>): boolean {
  return retryOn.has(cause) || retryOn.has(`${cause[0]}xx`);
}
