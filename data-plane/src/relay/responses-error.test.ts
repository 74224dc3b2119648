import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiErrorKinds } from "../providers/api-error.ts";
import { responsesError } from "./responses-error.ts";

describe("responsesError()", () => {
  it.each([
    { code: "rate_limit_exceeded", kind: "rate_limited", status: 429 },
    { code: "insufficient_quota", kind: "quota_spent", status: 429 },
    { code: "server_error", kind: "server_error", status: 500 },
    { code: "context_length_exceeded", kind: "context_too_long", status: 400 },
    { code: "content_filter", kind: "content_filtered", status: 400 },
    { code: "invalid_prompt", kind: "invalid_request", status: 400 },
    { code: "invalid_image_url", kind: "invalid_request", status: 400 },
    { code: "vector_store_timeout", kind: "timeout", status: 504 },
    { code: "server_is_overloaded", kind: "overloaded", status: 503 },
    { code: "invalid_api_key", kind: "credential_rejected", status: 401 },
    { code: 429, kind: "rate_limited", status: 429 },
    { code: "never_heard_of", kind: "server_error", status: 500 },
    { code: "constructor", kind: "server_error", status: 500 },
  ])("takes $code for $kind", ({ code, kind, status }) => {
    const message = "Why.";
    const expected = { kind, status, message, code: String(code) };
    expect(responsesError({ code, message })).toEqual(expected);
    expect(responsesError({ type: "error", code, message })).toEqual(expected);
    expect(responsesError({ type: "error", error: { code, message } })).toEqual(expected);
  });

  it("goes by the type where there is no code, and repeats param and type", () => {
    const error = {
      type: "tokens",
      code: null,
      message: "Slow. Please try again in 20ms.",
      param: "input",
    };
    expect(responsesError({ error })).toEqual({
      kind: "rate_limited",
      status: 429,
      message: "Slow. Please try again in 20ms.",
      type: "tokens",
      param: "input",
      retryAfterMs: 20,
    });
  });

  it("understands whatever it is given", () => {
    expect(responsesError({ error: "Down." })).toMatchObject({
      kind: "server_error",
      message: "Down.",
    });
    expect(responsesError(undefined).message).toBe("The provider failed without saying why.");
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Object.keys(apiErrorKinds)).toContain(responsesError(value).kind);
        expect(Object.keys(apiErrorKinds)).toContain(responsesError({ error: value }).kind);
      }),
    );
  });
});
