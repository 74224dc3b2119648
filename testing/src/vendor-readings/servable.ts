import { type Exchange, exchangeBytes } from "../exchange.ts";

/**
 * The recording as the vendor serves it to whoever asks as Headgate and the official clients do:
 * with the content type that the recorder may have dropped, and streams of Gemini as events, where
 * a client asked for the same objects as one JSON array.
 */
export function servable(exchange: Exchange): Exchange {
  const objects = arrayOfGemini(exchange);
  if (objects === undefined) return withContentType(exchange);
  const chunks = objects.map((object) => `data: ${JSON.stringify(object)}\r\n\r\n`);
  const { status } = exchange.response;
  return withContentType({ ...exchange, stream: true, response: { status, headers: {}, chunks } });
}

function arrayOfGemini(exchange: Exchange): readonly unknown[] | undefined {
  if (exchange.kind !== "streamGenerateContent" || exchange.stream) return undefined;
  const body: unknown = JSON.parse(exchangeBytes(exchange).toString());
  return Array.isArray(body) ? body : undefined;
}

function withContentType(exchange: Exchange): Exchange {
  const { response } = exchange;
  const known = Object.keys(response.headers).some((name) => name.toLowerCase() === "content-type");
  if (known) return exchange;
  const type = exchange.stream ? streamType(exchange.kind) : "application/json";
  const headers = { ...response.headers, "content-type": type };
  return { ...exchange, response: { ...response, headers } };
}

function streamType(kind: string): string {
  if (kind.startsWith("converse")) return "application/vnd.amazon.eventstream";
  return kind.startsWith("ollama-") ? "application/x-ndjson" : "text/event-stream";
}
