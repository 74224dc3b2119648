import { Fault, faultTable, isRecord } from "@headgate/core";
import type { Failure, UpstreamAnswer } from "./failure.ts";
import { knownErrorCode } from "./known-error-code.ts";

/** An answer that is not a success, read whole. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
  readonly provider: string;
}

export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * What a provider's error means for the call. Its own JSON is passed on as it is, with its status;
 * what is not JSON (a load balancer's HTML, nothing at all) becomes a fault of ours, and so does
 * the refusal of our credential.
 */
export function classifyError({ status, headers, body, provider }: ErrorAnswer): Failure {
  const cause = `${status}` as const;
  const retryAfter = retryAfterMs(headers);
  const waits = retryAfter === undefined ? {} : { retryAfterMs: retryAfter };
  if (status === 401 || status === 403) {
    return { cause, answer: credentialsRejected(provider, status), ...waits };
  }
  const error = isErrorStatus(status) ? readError(body) : undefined;
  if (error === undefined) {
    return { cause, answer: notAnError(status, headers, provider), ...waits };
  }
  const answer: UpstreamAnswer = {
    status,
    headers: ["content-type", "application/json", ...retryHeaders(status, headers, error.code)],
    body,
    code: knownErrorCode(error.code),
  };
  return { cause, answer, ...waits };
}

/** An error told in a 200, in a body or as the first event of a stream. */
export function classifyErrorInSuccess(
  body: Readonly<Record<string, unknown>>,
  { headers, provider }: { readonly headers: UpstreamHeaders; readonly provider: string },
): Failure {
  const error = normalError(body["error"]);
  const status = statusOf(body["error"]);
  const text = Buffer.from(JSON.stringify({ error }));
  return classifyError({ status, headers, body: text, provider });
}

/** How long the provider asks to wait. `retry-after-ms` is preferred, as the SDKs do. */
export function retryAfterMs(headers: UpstreamHeaders): number | undefined {
  const milliseconds = waitOf(one(headers["retry-after-ms"]));
  if (milliseconds !== undefined) return milliseconds;
  const text = one(headers["retry-after"]);
  const seconds = waitOf(text);
  if (seconds !== undefined) return seconds * 1000;
  // An HTTP date (RFC 9110, 10.2.3) counts from the provider's own clock.
  const waits = Date.parse(text ?? "") - Date.parse(one(headers["date"]) ?? "");
  return waits >= 0 ? waits : undefined;
}

/** Redirects are not followed, nor passed on: the client has no business at the provider. */
function isErrorStatus(status: number): boolean {
  return status >= 400 && status <= 599;
}

/** A number of seconds or milliseconds; nothing that is empty, negative or without end. */
function waitOf(text: string | undefined): number | undefined {
  const wait = text?.trim() ? Number(text) : Number.NaN;
  return wait >= 0 && wait < Number.POSITIVE_INFINITY ? wait : undefined;
}

/** The error of a JSON body: `{"error": ...}`, or the shapes that other servers give it. */
function readError(body: Buffer): { readonly code: string | undefined } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const error = isRecord(value["error"]) ? value["error"] : value;
  return { code: text(error["code"]) ?? text(error["type"]) };
}

/** OpenAI's four members, whatever of them the provider gave. */
function normalError(error: unknown): object {
  if (!isRecord(error)) {
    return { message: String(error), type: "server_error", param: null, code: null };
  }
  return {
    ...error,
    message: text(error["message"]) ?? "The provider reported an error without a message.",
    type: text(error["type"]) ?? "server_error",
    param: text(error["param"]) ?? null,
    code: text(error["code"]) ?? null,
  };
}

/** The status the provider should have sent, by its error's code or type. */
function statusOf(error: unknown): number {
  if (!isRecord(error)) return 502;
  for (const value of [error["code"], error["status"], error["status_code"]]) {
    const status = Number(value);
    if (Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  const words = `${text(error["code"]) ?? ""} ${text(error["type"]) ?? ""}`;
  return statusByWord.find(([pattern]) => pattern.test(words))?.[1] ?? 502;
}

const statusByWord: readonly (readonly [RegExp, number])[] = [
  [/rate_limit|quota|tokens$|requests$/, 429],
  [/overloaded|unavailable/, 503],
  [/invalid_api_key|authentication/, 401],
  [/permission/, 403],
  [/not_found/, 404],
  [/invalid_request|context_length|content_filter|content_policy/, 400],
];

function credentialsRejected(provider: string, status: number): Fault {
  const message = `The provider refused the gateway's credential (${status} from ${provider}): its operator must look.`;
  return new Fault("upstream_credentials_rejected", message);
}

function notAnError(status: number, headers: UpstreamHeaders, provider: string): Fault {
  const type = one(headers["content-type"]) ?? "no content type";
  const message = `The provider ${provider} answered ${status} without a JSON error (${type}).`;
  if (status === 429) return new Fault("upstream_rate_limited", message);
  if (status >= 500 && isErrorStatus(status)) return new Fault("upstream_unavailable", message);
  return new Fault("upstream_invalid_response", message);
}

/**
 * When to come back. A 429 without a word of it gets the pause we ourselves keep. What does not come
 * back by waiting a moment, a spent quota or a wait that openai's client would ignore (it then
 * tries again after half a second), says so. https://github.com/openai/openai-node#retries
 */
function retryHeaders(
  status: number,
  headers: UpstreamHeaders,
  code: string | undefined,
): readonly string[] {
  const passed = ["retry-after", "retry-after-ms", "x-should-retry"].flatMap((name) => {
    const value = one(headers[name]);
    return value === undefined || value === "" ? [] : [name, value];
  });
  if (status !== faultTable.upstream_rate_limited.status) return passed;
  const waitMs = retryAfterMs(headers);
  if (spentCodes.has(code ?? "") || (waitMs ?? 0) > clientWaitMaxMs) {
    return passed.includes("x-should-retry") ? passed : [...passed, "x-should-retry", "false"];
  }
  return waitMs === undefined ? [...passed, "retry-after", "1"] : passed;
}

const spentCodes: ReadonlySet<string> = new Set(["insufficient_quota", "credit_balance_exhausted"]);
/** The longest wait that openai's clients obey. */
export const clientWaitMaxMs = 60_000;

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
