import type { Exchange, ExchangeLibrary } from "@headgate/testing";
import {
  type ErrorReading,
  type Reading,
  readRaw,
  servable,
  vendorKinds,
  vendorOf,
} from "@headgate/testing/vendor-readings";
import { explained } from "./explained-differences.ts";
import type { UpstreamType } from "./upstreams.ts";

/** A recording, played by a provider of one type. */
export interface TranslatedCase {
  /** Of the recording; with the type where it is played by more than one. */
  readonly name: string;
  readonly exchange: Exchange;
  readonly type: UpstreamType;
  /** What the client should get. */
  readonly reading: Reading;
}

/** Every recording of every vendor that is translated; whoever drops in another has it tested. */
export function recordedCases(library: ExchangeLibrary): readonly TranslatedCase[] {
  return translatedCases(library.list({ kinds: vendorKinds }));
}

export function translatedCases(exchanges: readonly Exchange[]): readonly TranslatedCase[] {
  return exchanges.map(servable).flatMap((exchange) =>
    typesOf(exchange).map((type, place) => ({
      name: place === 0 ? exchange.name : `${exchange.name} (${type})`,
      exchange,
      type,
      reading: expectedReading(exchange),
    })),
  );
}

/** Claude's answers are the same on Vertex. */
function typesOf(exchange: Exchange): readonly UpstreamType[] {
  switch (vendorOf(exchange)?.name) {
    case "anthropic":
      return ["anthropic", "vertex-claude"];
    case "gemini":
      return [exchange.provider === "vertex" ? "vertex" : "gemini"];
    case "bedrock":
      return ["bedrock"];
    case "ollama":
      return ["ollama"];
    default:
      return [];
  }
}

/** What the client should get of a recording. */
export function expectedReading(exchange: Exchange): Reading {
  const reading = readRaw(exchange);
  const other = explained(exchange, reading);
  if (other !== reading || reading.kind === "answer") return other;
  if (reading.kind === "error") return asOurs(reading, exchange);
  return { kind: "error", status: exchange.stream && reading.begun ? statusWithin : 502 };
}

/** Once a stream has begun, an error in it has no status, and this is what we read for none. */
const statusWithin = 500;

/** The status in which the client sees a vendor's. */
function asOurs({ status, within }: ErrorReading, { response }: Exchange): ErrorReading {
  if (within) return { kind: "error", status: statusWithin };
  const isKey = JSON.stringify(response.body ?? "").includes("API_KEY_INVALID");
  return { kind: "error", status: isKey ? 502 : (statuses[status] ?? status) };
}

/** Credentials and slow models are not the client's fault, money is a quota, 529 is Anthropic's own. */
const statuses: Readonly<Record<number, number>> = {
  401: 502,
  402: 429,
  403: 502,
  408: 504,
  424: 500,
  529: 503,
};
