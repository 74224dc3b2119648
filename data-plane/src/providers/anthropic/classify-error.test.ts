import { describe, expect, it } from "vitest";
import type { ApiError, ErrorAnswer } from "../api-error.ts";
import { anthropicApi } from "./api.ts";

function classify(status: number, body: unknown, headers: ErrorAnswer["headers"] = {}): ApiError {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return anthropicApi.classifyError({ status, headers, body: Buffer.from(text) });
}

const error = (type: string, message: string, details?: object): object => ({
  type: "error",
  error: { type, message, ...(details && { details }) },
  request_id: "req_1",
});

describe("an error of Anthropic's", () => {
  it.each([
    [400, error("invalid_request_error", "messages.0.content: Field required"), "invalid_request"],
    [
      400,
      error("invalid_request_error", "prompt is too long: 3 tokens > 2 maximum"),
      "context_too_long",
    ],
    [
      400,
      error(
        "invalid_request_error",
        "input length and `max_tokens` exceed context limit: 9 + 9 > 9",
      ),
      "context_too_long",
    ],
    [
      400,
      error("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
      "quota_spent",
    ],
    [
      400,
      error("invalid_request_error", "You have reached your specified API usage limits."),
      "quota_spent",
    ],
    [
      400,
      error("invalid_request_error", "Output blocked by content filtering policy"),
      "content_filtered",
    ],
    [
      400,
      error("invalid_request_error", "This organization has been disabled."),
      "credential_rejected",
    ],
    [401, error("authentication_error", "invalid x-api-key"), "credential_rejected"],
    [402, error("billing_error", "Pay"), "quota_spent"],
    [403, error("permission_error", "No"), "credential_rejected"],
    [404, error("not_found_error", "model: claude-9"), "model_not_found"],
    [404, error("not_found_error", "Not found"), "not_found"],
    [409, error("conflict_error", "Again"), "invalid_request"],
    [413, error("request_too_large", "Too large"), "request_too_large"],
    [429, error("rate_limit_error", "Slow down"), "rate_limited"],
    [
      429,
      error("rate_limit_error", "Limit", { error_code: "enforced_spend_limit_reached" }),
      "quota_spent",
    ],
    [500, error("api_error", "Oops"), "server_error"],
    [504, error("timeout_error", "Late"), "timeout"],
    [529, error("overloaded_error", "Overloaded"), "overloaded"],
    [418, error("teapot_error", "Short"), "invalid_request"],
    [502, "<html>Bad gateway</html>", "unavailable"],
    [503, "", "unavailable"],
    [524, "error code: 524", "timeout"],
    [529, "", "overloaded"],
    [401, "{}", "credential_rejected"],
    [500, "[]", "server_error"],
  ] as const)("%s %o is %s", (status, body, kind) => {
    expect(classify(status, body)).toMatchObject({ kind, status });
  });

  it("names what is wrong, and how", () => {
    expect(
      classify(400, error("invalid_request_error", "messages.0.content: Field required")),
    ).toEqual({
      kind: "invalid_request",
      status: 400,
      message: "messages.0.content: Field required",
      param: "messages.0.content",
    });
    expect(classify(502, "<html>", { "content-type": "text/html" }).message).toBe(
      "The provider answered 502 without a JSON error (text/html).",
    );
  });

  const date = "Tue, 24 Nov 2026 13:00:00 GMT";
  it.each([
    ["retry-after", { "retry-after": "7" }, 7000],
    [
      "a limit that is used up",
      {
        date,
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-24T13:00:09Z",
      },
      9000,
    ],
    [
      "the last of them",
      {
        date,
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-24T13:00:09Z",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-24T13:00:12Z",
      },
      12_000,
    ],
    [
      "no limit that is not",
      {
        date,
        "anthropic-ratelimit-tokens-remaining": "5",
        "anthropic-ratelimit-tokens-reset": "2026-11-24T13:00:09Z",
      },
      undefined,
    ],
    [
      "nothing without a clock",
      {
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-24T13:00:09Z",
      },
      undefined,
    ],
  ])("says how long to wait by %s", (_, headers, waits) => {
    expect(classify(429, error("rate_limit_error", "m"), headers).retryAfterMs).toBe(waits);
  });
});
