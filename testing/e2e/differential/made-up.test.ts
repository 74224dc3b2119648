import { describe } from "vitest";
import { madeUpExchanges } from "./made-up-exchanges.ts";
import { proveRead } from "./prove-read.ts";
import { proveTranslated } from "./prove-translated.ts";
import { translatedCases } from "./translated-case.ts";

describe("answers that vendors document, asked for in OpenAI's dialects", () => {
  proveTranslated(translatedCases(madeUpExchanges()));
});

describe("what documented answers say", () => {
  proveRead(madeUpExchanges());
});
