import { exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { geminiApi } from "../gemini/api.ts";
import { vertexGeminiApi } from "../vertex/api.ts";
import { classifyGoogleError, errorOfValue } from "./google-error.ts";

const retryInfo = (retryDelay: unknown) => ({
  "@type": "type.googleapis.com/google.rpc.RetryInfo",
  retryDelay,
});
const quota = (quotaId: string, quotaValue = "10") => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId, quotaValue }],
});

describe("classifyGoogleError()", () => {
  it.each([
    [400, "INVALID_ARGUMENT", "Request contains an invalid argument.", [], "invalid_request"],
    [400, "INVALID_ARGUMENT", "Bad.", [{ reason: "API_KEY_INVALID" }], "credential_rejected"],
    [
      400,
      "INVALID_ARGUMENT",
      "API key not valid. Please pass a valid API key.",
      [],
      "credential_rejected",
    ],
    [
      400,
      "INVALID_ARGUMENT",
      "API key expired. Please renew the API key.",
      [],
      "credential_rejected",
    ],
    [
      400,
      "INVALID_ARGUMENT",
      "The input token count (2) exceeds the maximum number of tokens allowed (1).",
      [],
      "context_too_long",
    ],
    [
      400,
      "INVALID_ARGUMENT",
      "Request payload size exceeds the limit: 20971520 bytes.",
      [],
      "request_too_large",
    ],
    [
      400,
      "INVALID_ARGUMENT",
      "The prompt violates Responsible AI practices.",
      [],
      "content_filtered",
    ],
    [
      400,
      "FAILED_PRECONDITION",
      "User location is not supported for the API use.",
      [],
      "unavailable",
    ],
    [400, "FAILED_PRECONDITION", "Please enable billing on your project.", [], "quota_spent"],
    [400, "FAILED_PRECONDITION", "Something else.", [], "invalid_request"],
    [
      401,
      "UNAUTHENTICATED",
      "Request had invalid authentication credentials.",
      [],
      "credential_rejected",
    ],
    [
      403,
      "PERMISSION_DENIED",
      "Permission denied on resource project p.",
      [],
      "credential_rejected",
    ],
    [
      403,
      "PERMISSION_DENIED",
      "You do not have permission to access the File x or it may not exist.",
      [],
      "invalid_request",
    ],
    [
      403,
      "PERMISSION_DENIED",
      "CachedContent not found (or permission denied)",
      [],
      "invalid_request",
    ],
    [404, "NOT_FOUND", "models/x is not found for API version v1beta", [], "model_not_found"],
    [404, "NOT_FOUND", "Publisher Model `projects/p/x` was not found.", [], "model_not_found"],
    [404, "NOT_FOUND", "Requested entity was not found.", [], "not_found"],
    [429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later.", [], "rate_limited"],
    [429, "RESOURCE_EXHAUSTED", "Quota.", [quota("RequestsPerMinutePerProject")], "rate_limited"],
    [429, "RESOURCE_EXHAUSTED", "Quota.", [quota("RequestsPerDayPerProject")], "quota_spent"],
    [429, "RESOURCE_EXHAUSTED", "Quota.", [quota("RequestsPerMinute", "0")], "quota_spent"],
    [429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", [], "quota_spent"],
    [499, "CANCELLED", "Cancelled.", [], "server_error"],
    [500, "INTERNAL", "An internal error has occurred.", [], "server_error"],
    [500, "UNKNOWN", "Unknown.", [], "server_error"],
    [503, "UNAVAILABLE", "The model is overloaded. Please try again later.", [], "overloaded"],
    [503, "UNAVAILABLE", "The service is currently unavailable.", [], "unavailable"],
    [504, "DEADLINE_EXCEEDED", "Deadline expired.", [], "timeout"],
  ])("%i %s %j with %j is %s", (code, status, message, details, kind) => {
    const error = { code, status, message, details };
    expect(classify(code, { error })).toEqual({ kind, message, status: code });
    expect(classify(code, [{ error }])).toMatchObject({ kind, message });
    expect(errorOfValue({ error })).toMatchObject({ kind, status: code });
  });

  it.each([
    [413, "request_too_large"],
    [408, "timeout"],
    [401, "credential_rejected"],
    [404, "not_found"],
    [429, "rate_limited"],
    [418, "invalid_request"],
    [500, "server_error"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "timeout"],
  ])("a page of HTML with %i is %s, and its title the reason", (status, kind) => {
    const page = `<!DOCTYPE html><html><title> Error ${status} (x)!!1 </title><p>That's an error.`;
    expect(classify(status, page)).toEqual({ kind, message: `Error ${status} (x)!!1`, status });
    expect(classify(status, "").message).toBe(`Google answered ${status} without a reason.`);
  });

  it.each([
    ["48s", {}, 48_000],
    ["0.25s", {}, 250],
    ["soon", { "retry-after": "3" }, 3_000],
    [7, { "retry-after": ["2"] }, 2_000],
    [
      undefined,
      {
        "retry-after": "Wed, 21 Oct 2026 07:28:05 GMT",
        date: "Wed, 21 Oct 2026 07:28:00 GMT",
      },
      5_000,
    ],
    [undefined, { "retry-after": "-1" }, undefined],
    [undefined, {}, undefined],
  ])("waits as told by %j and %j: %s", (delay, headers, expected) => {
    const error = {
      code: 429,
      message: "Slow",
      status: "RESOURCE_EXHAUSTED",
      details: [retryInfo(delay)],
    };
    const body = Buffer.from(JSON.stringify({ error }));
    expect(classifyGoogleError({ status: 429, headers, body }).retryAfterMs).toBe(expected);
  });

  it("does not wait for a day's quota as for a minute's", () => {
    const details = [quota("GenerateRequestsPerDayPerProject"), retryInfo("20s")];
    const error = { code: 429, message: "Spent", status: "RESOURCE_EXHAUSTED", details };
    expect(classify(429, { error })).toEqual({
      kind: "quota_spent",
      message: "Spent",
      status: 429,
    });
  });

  it("names the parameter, and no key", () => {
    const details = [{ fieldViolations: [{ field: "generation_config.top_p", description: "x" }] }];
    const message = "Consumer 'api_key:AIzaSyDUMMY-dummy_123' is suspended";
    expect(
      classify(400, { error: { code: 400, message, status: "INVALID_ARGUMENT", details } }),
    ).toEqual({
      kind: "invalid_request",
      message: "Consumer 'api_key:AIza...' is suspended",
      status: 400,
      param: "generation_config.top_p",
    });
  });

  it("makes something of anything", () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.jsonValue(), (status, value) => {
        for (const body of [
          value,
          { error: value },
          { error: { message: "x", details: [value] } },
        ]) {
          expect(classify(status, body).message).not.toBe("");
        }
        errorOfValue(value);
      }),
    );
  });
});

describeExchanges("Google's recorded errors", (exchanges) => {
  const recorded = exchanges.list({
    providers: ["gemini", "vertex"],
    where: ({ response }) => response.status >= 400,
  });
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/auth-error|api-key/, "credential_rejected"],
    [/permission-denied/, "credential_rejected"],
    [/vertexai.*context-length/, "context_too_long"],
    [/gemini__.*context-length/, "rate_limited"],
    [/quota-exceeded/, "rate_limited"],
    [/unknown-model|model-name|embed-error/, "model_not_found"],
    [/user-location/, "unavailable"],
  ];

  it.each(recorded)("$name", (exchange) => {
    const { status, headers, body } = exchange.response;
    const api = exchange.provider === "gemini" ? geminiApi : vertexGeminiApi;
    const error = api.classifyError({ status, headers, body: exchangeBytes(exchange) });
    const expected = kinds.find(([name]) => name.test(exchange.name))?.[1] ?? "invalid_request";
    expect(error.kind).toBe(expected);
    expect(error.status).toBe(status);
    const said = JSON.parse(typeof body === "string" ? body : JSON.stringify(body));
    expect([said].flat()[0].error.message).toBe(error.message);
  });
});

function classify(status: number, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return classifyGoogleError({ status, headers: {}, body: Buffer.from(text) });
}
