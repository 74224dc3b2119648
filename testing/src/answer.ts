/** One piece of an answer's body. */
export type Piece = string | Uint8Array;

/**
 * What the fake provider does with one request. Left alone, an answer is sent whole and at once;
 * every other field makes it misbehave in one way, and they combine.
 */
export interface Answer {
  /** Default 200. */
  readonly status?: number;
  /** Sent as given: no content type is made up. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes go with a content length, a list of pieces in chunked encoding. */
  readonly body?: Piece | Iterable<Piece>;
  /** Wait before the headers. */
  readonly delayMs?: number;
  /** Send the header lines one by one with this pause after each. The connection closes after. */
  readonly headDripMs?: number;
  /** Pause between pieces (or between splits). */
  readonly dripMs?: number;
  /** Send the body in writes of this many bytes, each flushed on its own. */
  readonly splitEvery?: number;
  /** Destroy the connection after this many bytes of body. 0 sends the headers only. */
  readonly cutAfter?: number;
  /** End the answer cleanly after this many bytes of body, as if that were all. */
  readonly closeAfter?: number;
  /** Send nothing at all until the provider is told to release. */
  readonly hold?: boolean;
  /** Destroy the connection without a byte. */
  readonly refuse?: boolean;
}

/** A JSON answer. */
export function jsonAnswer(value: unknown, more: Answer = {}): Answer {
  return {
    ...more,
    headers: { "content-type": "application/json", ...more.headers },
    body: JSON.stringify(value),
  };
}

/** The error shape of the OpenAI API. */
export function errorAnswer(
  status: number,
  error: { readonly message: string; readonly type: string; readonly code?: string },
  more: Answer = {},
): Answer {
  return jsonAnswer({ error: { param: null, code: null, ...error } }, { ...more, status });
}

/** 429 as OpenAI says it. Without `retryAfterSeconds` the header is left out. */
export function rateLimitedAnswer(retryAfterSeconds?: number): Answer {
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return errorAnswer(
    429,
    { message: "Rate limit reached.", type: "requests", code: "rate_limit_exceeded" },
    { headers },
  );
}

/** A provider's bad day: 500 by default. */
export function serverErrorAnswer(status = 500): Answer {
  return errorAnswer(status, { message: "The server had an error.", type: "server_error" });
}

/** What a proxy or a captive portal in front of a provider answers. */
export function htmlAnswer(status = 502): Answer {
  const body = "<html><head><title>Bad Gateway</title></head><body>cloudflare</body></html>";
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** Success with nothing in it. */
export function emptyAnswer(status = 200): Answer {
  return { status, headers: { "content-type": "application/json" }, body: "" };
}

/** 200 whose body is an error, as some gateways in front of providers send. */
export function errorInside200Answer(): Answer {
  return errorAnswer(200, { message: "Upstream is overloaded.", type: "server_error" });
}

/** A valid JSON answer of at least `bytes`. */
export function oversizedAnswer(bytes: number): Answer {
  return jsonAnswer({ object: "chat.completion", choices: [], padding: "x".repeat(bytes) });
}

/** The answer without any content type. */
export function untypedAnswer(answer: Answer): Answer {
  const { "content-type": _dropped, ...headers } = answer.headers ?? {};
  return { ...answer, headers };
}
