import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";

/** What is replayed: providers' answers on the routes we relay as they are. */
export const relayedKinds = ["chat", "completions", "embeddings"] as const;

/** Providers whose chat and embeddings routes are of their own design: translated, not relayed. */
const ownDialects = ["anthropic", "cohere", "vertex"];

export function isRelayed({ provider, request }: Exchange): boolean {
  if (request === null) return !ownDialects.includes(provider);
  return /\/(?:chat\/completions|completions|embeddings)(?:[?#].*)?$/.test(request.path);
}

const routes: Readonly<Record<string, string>> = {
  chat: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
};

/** Behind `/v1`, whatever path the provider itself has for this kind. */
export function routeOf({ kind }: Exchange): string {
  return routes[kind] ?? "/chat/completions";
}

/** The recorded request for our name of the model, or one made up for an answer recorded alone. */
export function requestBodyOf(exchange: Exchange, model: string): Record<string, unknown> {
  const recorded = exchange.request?.body;
  const body = isRecord(recorded) ? recorded : madeUpBody(exchange.kind);
  return { ...body, model, ...(exchange.stream ? { stream: true } : {}) };
}

function madeUpBody(kind: string): Readonly<Record<string, unknown>> {
  if (kind === "embeddings") return { input: "Hello" };
  if (kind === "completions") return { prompt: "Hello" };
  return { messages: [{ role: "user", content: "Hello" }] };
}

export function asksForUsage(body: Readonly<Record<string, unknown>>): boolean {
  const options = body["stream_options"];
  return isRecord(options) && options["include_usage"] === true;
}

/** The recorded stream as events, each with the empty line that ends it. */
export function recordedEvents(exchange: Exchange): readonly string[] {
  return eventsOf(exchangeBytes(exchange).toString());
}

export function eventsOf(text: string): readonly string[] {
  return text.split(/(?<=\n\r?\n)/);
}

/** The stream a client is to get that did not ask for usage: nothing that holds only usage. */
export function withoutUsageEvents(events: readonly string[]): readonly string[] {
  return events.filter((event) => {
    const data = eventData(event);
    const choices = data?.["choices"];
    return !(isRecord(data?.["usage"]) && Array.isArray(choices) && choices.length === 0);
  });
}

export interface CountedUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** Usage as the provider told it, or undefined if it did not. */
export function reportedUsage(exchange: Exchange): CountedUsage | undefined {
  if (!exchange.stream) return countedUsage(parsed(exchangeBytes(exchange).toString()));
  const counted = recordedEvents(exchange).map((event) => countedUsage(eventData(event)));
  return counted.findLast((usage) => usage !== undefined);
}

/** Groq puts the usage of a stream under a name of its own. */
function countedUsage(answer: Readonly<Record<string, unknown>> | undefined) {
  const own = answer?.["x_groq"];
  const usage = answer?.["usage"] ?? (isRecord(own) ? own["usage"] : undefined);
  if (!isRecord(usage) || typeof usage["prompt_tokens"] !== "number") return undefined;
  const output = usage["completion_tokens"];
  const input_tokens = usage["prompt_tokens"];
  const total = typeof usage["total_tokens"] === "number" ? usage["total_tokens"] : 0;
  // xAI and Gemini's OpenAI route count reasoning in the total only.
  const output_tokens = Math.max(typeof output === "number" ? output : 0, total - input_tokens);
  return { input_tokens, output_tokens };
}

export function eventData(event: string): Readonly<Record<string, unknown>> | undefined {
  return parsed(event.match(/^data: ?(.*)/m)?.[1] ?? "");
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
