import { type Exchange, exchangeBytes } from "@headgate/testing";
import { type Reading, vendorOf } from "@headgate/testing/vendor-readings";

/** A way in which a client of OpenAI's dialects gets something else than the vendor's own client. */
export interface ExplainedDifference {
  /** These two are also a row of docs/reference/translation-differences.md. */
  readonly vendor: string;
  readonly difference: string;
  readonly of: (exchange: Exchange, reading: Reading) => boolean;
  readonly expected: Reading;
}

export const explainedDifferences: readonly ExplainedDifference[] = [
  {
    vendor: "Gemini",
    difference:
      "an answer that ends with OTHER and says nothing else is a failure, and told as one (500)",
    of: (exchange, reading) => endsWith(exchange, /^OTHER$/) && saysNothing(reading),
    expected: { kind: "error", status: 500 },
  },
  {
    vendor: "Gemini",
    difference:
      "what the model wrote so that Google could not read it (MALFORMED_FUNCTION_CALL and its like) is a failure (500): another try may do",
    of: (exchange) => endsWith(exchange, /^(MALFORMED|UNEXPECTED|TOO_MANY|MISSING)_/),
    expected: { kind: "error", status: 500 },
  },
  {
    vendor: "Gemini",
    difference:
      "a place that Google does not serve is told as 503, and not as the client's 400: another deployment may be served",
    of: (exchange) => /"message": ?"User location is not supported/.test(textOf(exchange)),
    expected: { kind: "error", status: 503 },
  },
  {
    vendor: "OpenAI's Responses",
    difference:
      "an error event before anything of the answer is told by its status (a spent quota: 429), and tried elsewhere where that helps",
    of: (exchange) =>
      exchange.kind === "responses" &&
      exchange.stream &&
      /"insufficient_quota"/.test(textOf(exchange)),
    expected: { kind: "error", status: 429 },
  },
];

/** What the client should get of what the vendor said. */
export function explained(exchange: Exchange, reading: Reading): Reading {
  const found = explainedDifferences.find(({ of }) => of(exchange, reading));
  return found?.expected ?? reading;
}

/** Gemini's last finish reason. */
function endsWith(exchange: Exchange, word: RegExp): boolean {
  if (vendorOf(exchange)?.name !== "gemini") return false;
  const reasons = [...textOf(exchange).matchAll(/"finishReason": ?"(\w+)"/g)];
  return word.test(reasons.at(-1)?.[1] ?? "");
}

function saysNothing(reading: Reading): boolean {
  if (reading.kind !== "answer") return false;
  return reading.choices.every(
    ({ text, reasoning, toolCalls }) => `${text}${reasoning}` === "" && toolCalls.length === 0,
  );
}

function textOf(exchange: Exchange): string {
  return exchangeBytes(exchange).toString("latin1");
}
