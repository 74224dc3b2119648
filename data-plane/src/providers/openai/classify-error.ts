import { errorInEvent, isRecord, jsonText, parseJson } from "@headgate/core";
import type { ApiError, ApiErrorKind, ErrorAnswer } from "../api-error.ts";
import { retryAfterMs } from "../retry-after.ts";
import { errorKind, statusOfKind } from "./error-kind.ts";
import { type ErrorWords, errorWords } from "./error-words.ts";

/**
 * What an answer that is not a success means, from OpenAI, Azure, or one of the many servers that
 * speak like them. Understands what is not JSON as well.
 *
 * https://platform.openai.com/docs/guides/error-codes
 */
export function classifyError({ status, headers, body }: ErrorAnswer): ApiError {
  const text = body.toString("utf8");
  const words = errorWords(parseJson(text)) ?? wordsOfText(status, text);
  return apiError(words, status, retryAfterMs(headers));
}

/** An error told in a 200: in a whole answer, or as an event of a stream. */
export function classifyErrorInSuccess(body: Readonly<Record<string, unknown>>): ApiError {
  const told = errorInEvent(body) ?? body;
  const words = errorWords(isRecord(told) ? { error: told } : { error: jsonText(told) });
  return apiError(words ?? { message: unexplained }, undefined, undefined);
}

/** @param status Absent where it was a 200: that of the error itself is taken, or of its kind. */
function apiError(
  words: ErrorWords,
  status: number | undefined,
  headerWaitMs: number | undefined,
): ApiError {
  const said = status ?? words.status;
  const kind = errorKind(words, said);
  const waitMs = headerWaitMs ?? (waits.has(kind) ? messageWaitMs(words.message) : undefined);
  return {
    kind,
    message: words.message,
    status: said ?? statusOfKind(kind),
    ...(words.param !== undefined && { param: words.param }),
    ...ownWords(kind, words),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  };
}

/** Type and code where the server has them as OpenAI does; its own inventions are no one's to read. */
function ownWords(kind: ApiErrorKind, { type, code }: ErrorWords): Pick<ApiError, "type" | "code"> {
  if (!openAiTypes.has(type ?? "") || !passedOn.has(kind)) return {};
  const isWord = code !== undefined && !/^\d+$/.test(code);
  return { ...(type !== undefined && { type }), ...(isWord && { code }) };
}

const openAiTypes: ReadonlySet<string> = new Set([
  "invalid_request_error",
  "rate_limit_error",
  "insufficient_quota",
  "server_error",
  "service_unavailable_error",
  "tokens",
  "requests",
]);

/** Kinds whose type and code a client may act on; those of the others are decided by the kind. */
const passedOn: ReadonlySet<ApiErrorKind> = new Set<ApiErrorKind>([
  "invalid_request",
  "context_too_long",
  "rate_limited",
  "server_error",
]);

/** A load balancer's page, a plain line of text, or nothing. */
function wordsOfText(status: number, text: string): ErrorWords {
  const line = text.trim();
  const isPage = line.startsWith("<");
  if (line === "" || isPage) return { message: `The provider answered ${status} without a word.` };
  return { message: line.slice(0, messageLengthMax) };
}

/** Characters. */
const messageLengthMax = 1000;
const unexplained = "The provider reported an error without a message.";

const waits: ReadonlySet<ApiErrorKind> = new Set<ApiErrorKind>([
  "rate_limited",
  "overloaded",
  "unavailable",
]);

/** "Please try again in 6ms", "1m2.5s" or "114h18m0s", "Please retry after 20 seconds". */
export function messageWaitMs(message: string): number | undefined {
  const duration = /try again in ((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s)){1,4})/i.exec(message)?.[1];
  if (duration !== undefined) return Math.ceil(durationMs(duration));
  const seconds = /(?:retry after|try again in) (\d{1,9}) seconds?/i.exec(message)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Go writes durations so. */
function durationMs(text: string): number {
  let sum = 0;
  for (const [, amount, unit = "ms"] of text.matchAll(/([\d.]+)(ms|h|m|s)/g)) {
    sum += Number(amount) * (unitMs[unit] ?? 1);
  }
  return sum;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
