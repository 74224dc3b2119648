import type { Reading } from "@headgate/testing/vendor-readings";
import type { TranslatedCase } from "./translated-case.ts";

/** A way in which a client of OpenAI's chat gets something else than the vendor's own client reads. */
export interface ExplainedDifference {
  /** Also a row of docs/reference/translation-differences.md. */
  readonly reason: string;
  readonly of: (played: TranslatedCase) => boolean;
  readonly expected: (reading: Reading) => Reading;
}

export const explainedDifferences: readonly ExplainedDifference[] = [];

/** What the client should get. */
export function expectedOf(played: TranslatedCase): Reading {
  const found = explainedDifferences.filter(({ of }) => of(played));
  return found.reduce((reading, { expected }) => expected(reading), played.reading);
}
