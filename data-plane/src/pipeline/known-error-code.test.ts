import { describe, expect, it } from "vitest";
import { knownErrorCode } from "./known-error-code.ts";

describe("knownErrorCode()", () => {
  it.each([
    { code: "rate_limit_exceeded", known: "rate_limit_exceeded" },
    { code: "context_length_exceeded", known: "context_length_exceeded" },
    { code: "quota_of_organisation_4815_exceeded", known: undefined },
    { code: "Incorrect API key provided: sk-...", known: undefined },
    { code: "", known: undefined },
    { code: undefined, known: undefined },
  ])("$code is known as $known", ({ code, known }) => {
    expect(knownErrorCode(code)).toBe(known);
  });
});
