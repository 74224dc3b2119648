import { type Exchange, exchangeBytes } from "@headgate/testing";
import type { Reading } from "@headgate/testing/vendor-readings";
import type { TranslatedCase } from "./translated-case.ts";

/** A way in which a client of OpenAI's chat gets something else than the vendor's own client reads. */
export interface ExplainedDifference {
  /** Also a row of docs/reference/translation-differences.md. */
  readonly reason: string;
  readonly of: (played: TranslatedCase) => boolean;
  readonly expected: (reading: Reading) => Reading;
}

export const explainedDifferences: readonly ExplainedDifference[] = [
  {
    reason: "Gemini ends with OTHER, and says nothing else: that is a failure, and told as one.",
    of: (played) => endsWith(played, /^OTHER$/) && saysNothing(played.reading),
    expected: () => ({ kind: "error", status: 500 }),
  },
  {
    reason:
      "The model wrote what Google itself could not read: an error, since another try may do.",
    of: (played) => endsWith(played, /^(MALFORMED|UNEXPECTED|TOO_MANY|MISSING)_/),
    expected: () => ({ kind: "error", status: 500 }),
  },
  {
    reason: "Google does not serve the place we ask from: another deployment may be served.",
    of: ({ exchange }) => /"message": ?"User location is not supported/.test(textOf(exchange)),
    expected: () => ({ kind: "error", status: 503 }),
  },
];

/** Gemini's last finish reason. */
function endsWith({ exchange, type }: TranslatedCase, word: RegExp): boolean {
  if (type !== "gemini" && type !== "vertex") return false;
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

/** What the client should get. */
export function expectedOf(played: TranslatedCase): Reading {
  const found = explainedDifferences.filter(({ of }) => of(played));
  return found.reduce((reading, { expected }) => expected(reading), played.reading);
}
