import type { Answer } from "./answer.ts";

/** One recorded call to a real provider, as the recordings' README describes it. */
export interface Exchange {
  readonly name: string;
  readonly provider: string;
  /** chat, completions, embeddings, messages, ... */
  readonly kind: string;
  readonly stream: boolean;
  readonly features: readonly string[];
  /** Absent in recordings of the answer alone. */
  readonly request: ExchangeRequest | null;
  readonly response: ExchangeResponse;
}

export interface ExchangeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ExchangeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or the value when the recorder kept parsed JSON. */
  readonly body?: unknown;
  readonly body_base64?: string;
  /** Joined, these are the bytes of the stream. They are not the chunks the network saw. */
  readonly chunks?: readonly string[];
}

/** The bytes the provider sent. */
export function exchangeBytes({ response }: Exchange): Buffer {
  if (response.chunks) return Buffer.from(response.chunks.join(""));
  if (response.body_base64 !== undefined) return Buffer.from(response.body_base64, "base64");
  if (response.body === undefined || response.body === null) return Buffer.alloc(0);
  return Buffer.from(
    typeof response.body === "string" ? response.body : JSON.stringify(response.body),
  );
}

/** Headers about one connection or one encoding of the bytes; a replay makes its own. */
const transportHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "content-encoding",
]);

/** The answer that replays `exchange`. Streams go as the recorded events, one piece each. */
export function exchangeAnswer(exchange: Exchange, more: Answer = {}): Answer {
  const { status, headers, chunks } = exchange.response;
  const kept = Object.entries(headers).filter(
    ([name]) => !transportHeaders.has(name.toLowerCase()),
  );
  const body = chunks ?? exchangeBytes(exchange);
  return { status, headers: Object.fromEntries(kept), body, ...more };
}
