import type { Exchange, ExchangeLibrary } from "@headgate/testing";
import {
  type AnswerReading,
  readRaw,
  servable,
  vendorKinds,
  vendorOf,
} from "@headgate/testing/vendor-readings";
import type { UpstreamType } from "../differential/upstreams.ts";

/** One recorded answer of one type of upstream, chosen for what it shows. */
export interface DialectCase {
  /** "anthropic, text, streamed". */
  readonly name: string;
  readonly exchange: Exchange;
  readonly type: UpstreamType;
  readonly shows: "text" | "tools";
  readonly reading: AnswerReading;
}

/** Of each type and manner one: the first recording that has nothing special about it. */
export function dialectCases(library: ExchangeLibrary): readonly DialectCase[] {
  const exchanges = library
    .list({ kinds: vendorKinds, where: (exchange) => typeOf(exchange) !== undefined })
    .map(servable);
  const found = new Map<string, DialectCase>();
  for (const exchange of exchanges) {
    const played = caseOf(exchange);
    if (played && !found.has(played.name)) found.set(played.name, played);
  }
  return [...found.values()];
}

function caseOf(exchange: Exchange): DialectCase | undefined {
  const type = typeOf(exchange);
  const reading = readRaw(exchange);
  if (type === undefined || reading.kind !== "answer" || reading.usage === undefined) return;
  const [choice, another] = reading.choices;
  if (!choice || another || choice.reasoning || choice.refusal) return undefined;
  if (exchange.features.some((feature) => special.includes(feature))) return undefined;
  const shows = choice.toolCalls.length > 0 ? "tools" : "text";
  if (shows === "text" && choice.text === "") return undefined;
  const name = `${type}, ${shows}, ${exchange.stream ? "streamed" : "whole"}`;
  return { name, exchange, type, shows, reading };
}

const special = ["thinking_out", "redacted_thinking", "server_tools", "grounding", "inline_out"];

function typeOf(exchange: Exchange): UpstreamType | undefined {
  const vendor = vendorOf(exchange)?.name;
  if (exchange.kind === "completions" || exchange.kind === "ollama-generate") return undefined;
  if (vendor === "openai") return exchange.provider === "openai" ? "openai" : undefined;
  return vendor;
}
