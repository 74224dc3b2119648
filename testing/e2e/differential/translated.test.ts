import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { expect, it } from "vitest";
import { proveTranslated } from "./prove-translated.ts";
import { recordedCases } from "./translated-case.ts";

describeExchanges("recorded answers of all vendors, asked for in OpenAI's dialects", (library) => {
  const cases = recordedCases(library);

  it("are enough to prove something", () => {
    const streams = cases.filter(({ exchange }) => exchange.stream);
    expect(streams.length).toBeGreaterThan(70);
    expect(cases.length - streams.length).toBeGreaterThan(80);
  });

  proveTranslated(cases);
});
