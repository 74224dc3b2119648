import { exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyError, classifyErrorInSuccess } from "./classify-error.ts";

describe("classifyError()", () => {
  const error = (members: object) => ({ error: members });
  const rows = [
    {
      name: "OpenAI: a bad parameter",
      status: 400,
      body: error({
        message: "no",
        type: "invalid_request_error",
        param: "temperature",
        code: "unsupported_value",
      }),
      expected: { kind: "invalid_request", param: "temperature", code: "unsupported_value" },
    },
    {
      name: "OpenAI: too long, by code",
      status: 400,
      body: error({
        message: "long",
        type: "invalid_request_error",
        param: "messages",
        code: "context_length_exceeded",
      }),
      expected: { kind: "context_too_long", param: "messages" },
    },
    {
      name: "OpenAI: tokens per minute",
      status: 429,
      body: error({
        message:
          "Rate limit reached. Please try again in 2.088s. Add a payment method at https://x/account/billing.",
        type: "tokens",
        param: null,
        code: "rate_limit_exceeded",
      }),
      expected: {
        kind: "rate_limited",
        retryAfterMs: 2088,
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
    {
      name: "OpenAI: more than a minute's tokens",
      status: 429,
      body: error({
        message:
          "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 30601.",
        type: "tokens",
        code: "rate_limit_exceeded",
      }),
      expected: { kind: "request_too_large" },
    },
    {
      name: "OpenAI: a spent quota",
      status: 429,
      body: error({
        message: "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota",
      }),
      expected: { kind: "quota_spent" },
    },
    {
      name: "OpenAI: spent credits",
      status: 429,
      body: error({ message: "x", type: "x", code: "credit_balance_exhausted" }),
      expected: { kind: "quota_spent" },
    },
    {
      name: "OpenAI: another key",
      status: 401,
      body: error({
        message: "Incorrect API key",
        type: "invalid_request_error",
        code: "invalid_api_key",
      }),
      expected: { kind: "credential_rejected" },
    },
    {
      name: "OpenAI: no such model",
      status: 404,
      body: error({ message: "x", type: "invalid_request_error", code: "model_not_found" }),
      expected: { kind: "model_not_found" },
    },
    {
      name: "OpenAI: a server's error",
      status: 500,
      body: error({ message: "sorry", type: "server_error", param: null, code: null }),
      expected: { kind: "server_error", status: 500 },
    },
    {
      name: "OpenAI: overloaded",
      status: 503,
      body: error({
        message: "That model is currently overloaded with other requests.",
        type: "server_error",
      }),
      expected: { kind: "overloaded" },
    },
    {
      name: "Azure: the prompt was filtered",
      status: 400,
      body: error({
        message: "filtered",
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: { code: "ResponsibleAIPolicyViolation" },
      }),
      expected: { kind: "content_filtered", param: "prompt" },
    },
    {
      name: "Azure: filtered, as only the inner error says",
      status: 400,
      body: error({
        message: "x",
        code: "BadRequest",
        innererror: { code: "ResponsibleAIPolicyViolation" },
      }),
      expected: { kind: "content_filtered" },
    },
    {
      name: "Azure: no such deployment",
      status: 404,
      body: error({ message: "x", type: "invalid_request_error", code: "DeploymentNotFound" }),
      expected: { kind: "model_not_found" },
    },
    {
      name: "Azure: a rate limit, in words",
      status: 429,
      body: error({
        code: "429",
        message: "exceeded token rate limit. Please retry after 86400 seconds.",
      }),
      expected: { kind: "rate_limited", retryAfterMs: 86_400_000 },
    },
    {
      name: "Azure: a rate limit, in a header",
      status: 429,
      headers: { "retry-after-ms": "1500", "retry-after": "2" },
      body: error({ code: "RateLimitReached", message: "slow" }),
      expected: { kind: "rate_limited", retryAfterMs: 1500 },
    },
    {
      name: "Azure: a wrong key",
      status: 401,
      body: error({ code: "401", message: "Access denied" }),
      expected: { kind: "credential_rejected", message: "Access denied" },
    },
    {
      name: "Groq: too large",
      status: 413,
      body: error({
        message: "Request too large for model `x`",
        type: "tokens",
        code: "rate_limit_exceeded",
      }),
      expected: { kind: "request_too_large" },
    },
    {
      name: "Groq: a failed tool call",
      status: 400,
      body: error({
        message: "Tool choice is required",
        type: "invalid_request_error",
        code: "tool_use_failed",
      }),
      expected: { kind: "invalid_request", code: "tool_use_failed" },
    },
    {
      name: "Mistral",
      status: 422,
      body: {
        object: "error",
        message: { detail: [{ loc: ["body", "n"], msg: "not an int" }] },
        type: "invalid_request_error",
        code: null,
      },
      expected: { kind: "invalid_request", message: "body.n: not an int" },
    },
    {
      name: "Mistral: a key",
      status: 401,
      body: { detail: "Invalid API Key" },
      expected: { kind: "credential_rejected", message: "Invalid API Key" },
    },
    {
      name: "FastAPI: what is not valid",
      status: 422,
      body: { detail: [{ loc: ["body", "temperature"], msg: "too high", type: "x" }] },
      expected: { kind: "invalid_request", message: "body.temperature: too high" },
    },
    {
      name: "vLLM: too long",
      status: 400,
      body: {
        object: "error",
        message:
          "This model's maximum context length is 131072 tokens. However, you requested 156632 tokens",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      expected: { kind: "context_too_long" },
    },
    {
      name: "vLLM: bad",
      status: 400,
      body: {
        object: "error",
        message: "max_tokens must be at least 1, got -186.",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      expected: { kind: "invalid_request" },
    },
    {
      name: "TGI: too long",
      status: 422,
      body: {
        error:
          "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 9",
        error_type: "validation",
      },
      expected: { kind: "context_too_long" },
    },
    {
      name: "TGI: the model failed",
      status: 424,
      body: { error: "Request failed during generation: oom", error_type: "generation" },
      expected: { kind: "server_error", message: "Request failed during generation: oom" },
    },
    {
      name: "TGI: overloaded",
      status: 429,
      body: { error: "Model is overloaded", error_type: "overloaded" },
      expected: { kind: "rate_limited", message: "Model is overloaded" },
    },
    {
      name: "Hugging Face: loading",
      status: 503,
      body: { error: "Model x is currently loading", estimated_time: 20 },
      expected: { kind: "unavailable" },
    },
    {
      name: "Hugging Face: no credits",
      status: 402,
      body: { error: "You have exceeded your monthly included credits" },
      expected: { kind: "quota_spent" },
    },
    {
      name: "Ollama: too long",
      status: 400,
      body: error({
        message: "prompt too long; exceeded max context length by 9 tokens",
        type: "invalid_request_error",
        param: null,
        code: null,
      }),
      expected: { kind: "context_too_long" },
    },
    {
      name: "OpenRouter: what its provider said",
      status: 429,
      body: error({
        code: 429,
        message: "Provider returned error",
        metadata: { provider_name: "G", raw: "try later" },
      }),
      expected: { kind: "rate_limited", message: "Provider returned error: try later" },
    },
    {
      name: "OpenRouter: too long",
      status: 400,
      body: error({
        message: "This endpoint's maximum context length is 200000 tokens.",
        code: 400,
      }),
      expected: { kind: "context_too_long" },
    },
    {
      name: "DeepSeek: no money",
      status: 402,
      body: error({
        message: "Insufficient Balance",
        type: "unknown_error",
        code: "invalid_request_error",
      }),
      expected: { kind: "quota_spent" },
    },
    {
      name: "Gemini: in a list",
      status: 503,
      body: [
        error({
          code: 503,
          message: "The service is currently unavailable.",
          status: "UNAVAILABLE",
        }),
      ],
      expected: { kind: "unavailable", message: "The service is currently unavailable." },
    },
    {
      name: "a proxy's 529",
      status: 529,
      body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      expected: { kind: "overloaded", status: 529 },
    },
    {
      name: "RFC 9457",
      status: 429,
      body: { title: "Too Many Requests", detail: "Wait a bit", status: 429 },
      expected: { kind: "rate_limited", message: "Wait a bit" },
    },
    {
      name: "HTML",
      status: 502,
      body: "<html><body>Bad gateway</body></html>",
      expected: { kind: "unavailable", message: "The provider answered 502 without a word." },
    },
    {
      name: "plain text",
      status: 400,
      body: "no healthy upstream",
      expected: { kind: "invalid_request", message: "no healthy upstream" },
    },
    { name: "nothing", status: 504, body: "", expected: { kind: "timeout" } },
  ];

  it.each(rows)("understands $name", ({ status, headers = {}, body, expected }) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const classified = classifyError({ status, headers, body: Buffer.from(text) });
    expect(classified).toMatchObject({ status, ...expected });
  });

  it("never throws, and always says something", () => {
    const anything = fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.string(),
    );
    const wrapped = fc.oneof(
      anything,
      fc.jsonValue().map((value) => JSON.stringify({ error: value })),
      fc.jsonValue().map((value) => JSON.stringify({ detail: value })),
      fc.jsonValue().map((value) => JSON.stringify({ error: { message: value, code: value } })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), wrapped, (status, text) => {
        const { message, kind } = classifyError({ status, headers: {}, body: Buffer.from(text) });
        expect(message).not.toBe("");
        expect(kind).toBeTypeOf("string");
      }),
    );
  });
});

describe("classifyErrorInSuccess()", () => {
  it.each([
    {
      name: "a code",
      body: { error: { message: "m", code: "server_is_overloaded" } },
      expected: { kind: "overloaded", status: 503 },
    },
    {
      name: "a status as code",
      body: { error: { message: "m", code: 429 } },
      expected: { kind: "rate_limited", status: 429 },
    },
    {
      name: "a type",
      body: {
        type: "error",
        error: { type: "tokens", code: "rate_limit_exceeded", message: "Please try again in 6ms." },
      },
      expected: { kind: "rate_limited", status: 429, retryAfterMs: 6 },
    },
    {
      name: "a text",
      body: { error: "it broke" },
      expected: { kind: "server_error", status: 502, message: "it broke" },
    },
    {
      name: "Groq's status",
      body: {
        error: {
          message: "m",
          type: "invalid_request_error",
          code: "tool_use_failed",
          status_code: 400,
        },
      },
      expected: { kind: "invalid_request", status: 400 },
    },
    {
      name: "a key that was refused",
      body: { error: { message: "m", type: "authentication_error" } },
      expected: { kind: "credential_rejected", status: 401 },
    },
  ])("understands $name", ({ body, expected }) => {
    expect(classifyErrorInSuccess(body)).toMatchObject(expected);
  });
});

describeExchanges("classifyError() of recorded errors", (exchanges) => {
  const kinds = ["chat", "completions", "embeddings"];
  const recorded = exchanges.list({ kinds, where: ({ response }) => response.status >= 400 });

  it.each(recorded)("understands $name", (exchange) => {
    const { status, headers } = exchange.response;
    const classified = classifyError({ status, headers, body: exchangeBytes(exchange) });
    expect(classified.message).not.toMatch(/without a (?:word|message)/);
    if (status === 401) expect(classified.kind).toBe("credential_rejected");
    if (status === 404) expect(classified.kind).toMatch(/not_found/);
    if (status === 429) expect(classified.kind).toBe("rate_limited");
    if (exchange.name.includes("context-length") && status === 400) {
      expect(classified.kind).toBe("context_too_long");
    }
  });
});
