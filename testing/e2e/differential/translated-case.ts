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
export function translatedCases(library: ExchangeLibrary): readonly TranslatedCase[] {
  const exchanges = library
    .list({ kinds: vendorKinds, where: (exchange) => typesOf(exchange).length > 0 })
    .map(servable);
  return exchanges.flatMap((exchange) =>
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

function expectedReading(exchange: Exchange): Reading {
  const reading = readRaw(exchange);
  const other = explained(exchange, reading);
  if (other !== reading || reading.kind === "answer") return other;
  if (reading.kind === "error") return asOurs(reading, exchange);
  // Once a stream has begun, an error in it has no status, and 500 is what we read for none.
  return { kind: "error", status: exchange.stream && reading.begun ? 500 : 502 };
}

/** The status in which the client sees a vendor's: credentials are ours to mend, 529 is Anthropic's own. */
function asOurs(reading: ErrorReading, { response }: Exchange): ErrorReading {
  const { status } = reading;
  const refused = JSON.stringify(response.body ?? "").includes("API_KEY_INVALID");
  if (status === 401 || status === 403 || refused) return { ...reading, status: 502 };
  return status === 529 ? { ...reading, status: 503 } : reading;
}
