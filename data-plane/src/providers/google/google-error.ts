import { isRecord, parseJson } from "@headgate/core";
import type { ApiError, ApiErrorKind, ErrorAnswer } from "../api-error.ts";
import { retryAfterMs } from "../retry-after.ts";
import { errorKind } from "./error-kind.ts";
import { retryDelayMs } from "./retry-delay.ts";

/** Google's error, as all of its APIs tell it: https://cloud.google.com/apis/design/errors */
export interface GoogleError {
  readonly code: number;
  readonly message: string;
  /** `RESOURCE_EXHAUSTED` and so on. */
  readonly status: string;
  readonly details: readonly Readonly<Record<string, unknown>>[];
}

/** Any answer that is not a success, also one of a load balancer before Google's API. */
export function classifyGoogleError({ status, headers, body }: ErrorAnswer): ApiError {
  const text = body.toString("utf8");
  const error = readError(parseJson(text));
  if (!error) return classified(textError(status, text), status, retryAfterMs(headers));
  return classified(error, status, retryDelayMs(error.details) ?? retryAfterMs(headers));
}

/** The error told in a 200, alone or as an element of a list. */
export function errorOfValue(value: unknown): ApiError | undefined {
  const error = readError(value);
  if (!error) return undefined;
  const status = error.code >= 400 && error.code < 600 ? error.code : 500;
  return classified(error, status, retryDelayMs(error.details));
}

function classified(error: GoogleError, status: number, waitMs: number | undefined): ApiError {
  const kind = errorKind(error, status);
  const param = paramOf(error.details);
  return {
    kind,
    message: shown(error.message),
    status,
    ...(param !== undefined && { param }),
    ...(waitMs !== undefined && waits.has(kind) && { retryAfterMs: waitMs }),
  };
}

/** A spent quota is told to come back in seconds too, and then is still spent. */
const waits = new Set<ApiErrorKind>(["rate_limited", "overloaded", "unavailable", "server_error"]);

function readError(value: unknown): GoogleError | undefined {
  const holder = Array.isArray(value) ? value.find(isRecord) : value;
  const error = isRecord(holder) ? holder["error"] : undefined;
  if (typeof error === "string" && error !== "") {
    return { code: 0, message: error, status: "", details: [] };
  }
  if (!isRecord(error)) return undefined;
  const { code, message, status, details } = error;
  return {
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" && message !== "" ? message : "Google gave no reason.",
    status: typeof status === "string" ? status : "",
    details: Array.isArray(details) ? details.filter(isRecord) : [],
  };
}

/** What a page of HTML, or nothing, says. */
function textError(status: number, text: string): GoogleError {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1]?.trim();
  const plain = text.trim().startsWith("<") ? "" : text.trim();
  const message = title || plain || `Google answered ${status} without a reason.`;
  return { code: status, message, status: "", details: [] };
}

function paramOf(details: GoogleError["details"]): string | undefined {
  for (const { fieldViolations: violations } of details) {
    const first: unknown = Array.isArray(violations) ? violations[0] : undefined;
    if (isRecord(first) && typeof first["field"] === "string") return first["field"];
  }
  return undefined;
}

/** Messages name the key that was refused now and then. */
function shown(message: string): string {
  return message.replaceAll(/AIza[\w-]{8,}/g, "AIza...").slice(0, messageMax);
}

/** Characters. */
const messageMax = 4_000;
