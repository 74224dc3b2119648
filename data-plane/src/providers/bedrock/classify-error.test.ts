import { describe, expect, it } from "vitest";
import { classifyError } from "./classify-error.ts";

describe("classifyError()", () => {
  it.each([
    [429, "ThrottlingException", "Too many requests, please wait", "rate_limited"],
    [429, "ThrottlingException", "Too many tokens per day, please wait", "quota_spent"],
    [400, "ServiceQuotaExceededException", "exceeds the service quota", "quota_spent"],
    [408, "ModelTimeoutException", "took too long", "timeout"],
    [429, "ModelNotReadyException", "not ready", "unavailable"],
    [424, "ModelErrorException", "failed", "server_error"],
    [500, "InternalServerException", "oops", "server_error"],
    [503, "ServiceUnavailableException", "unable to process", "unavailable"],
    [403, "AccessDeniedException", "not authorized to perform: bedrock", "credential_rejected"],
    [403, "AccessDeniedException", "You don't have access to the model", "model_not_found"],
    [403, "ExpiredTokenException", "expired", "credential_rejected"],
    [403, "UnrecognizedClientException", "invalid", "credential_rejected"],
    [403, "InvalidSignatureException", "Signature expired", "credential_rejected"],
    [403, "", "Forbidden", "credential_rejected"],
    [404, "ResourceNotFoundException", "Could not resolve the foundation model", "model_not_found"],
    [404, "UnknownOperationException", "", "not_found"],
    [413, "", "too large", "request_too_large"],
    [400, "ValidationException", "The provided model identifier is invalid.", "model_not_found"],
    [
      400,
      "ValidationException",
      "Invocation of model ID x with on-demand throughput isn’t supported.",
      "model_not_found",
    ],
    [400, "ValidationException", "Input is too long for requested model.", "context_too_long"],
    [400, "ValidationException", "prompt is too long: 9 tokens > 8 maximum", "context_too_long"],
    [
      400,
      "ValidationException",
      "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
      "context_too_long",
    ],
    [400, "ValidationException", "Input Tokens Exceeded: Number of input", "context_too_long"],
    [
      400,
      "ValidationException",
      "This model's maximum context length is 131072 tokens",
      "context_too_long",
    ],
    [
      400,
      "ValidationException",
      "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
      "context_too_long",
    ],
    [400, "ValidationException", "The maximum tokens you requested exceeds", "invalid_request"],
    [400, "ValidationException", "roles must alternate", "invalid_request"],
    [400, "constructor", "odd name", "invalid_request"],
    [529, "", "odd status", "overloaded"],
    [599, "", "odd status", "server_error"],
  ])("takes %i %s (%s) for %s", (status, type, message, kind) => {
    const headers = type ? { "x-amzn-errortype": `${type}:http://internal.amazon.com/` } : {};
    const body = Buffer.from(JSON.stringify({ message }));
    expect(classifyError({ status, headers, body })).toMatchObject({ kind, message, status });
  });

  it("finds the name in the body, and the message under either spelling", () => {
    const body = Buffer.from(
      JSON.stringify({ __type: "com.amazon.bedrock#ThrottlingException", Message: "m" }),
    );
    const error = classifyError({ status: 400, headers: { "retry-after": "2" }, body });
    expect(error).toEqual({ kind: "rate_limited", message: "m", status: 400, retryAfterMs: 2000 });
  });

  it("understands what is not JSON", () => {
    const body = Buffer.from("<html>");
    const error = classifyError({ status: 503, headers: {}, body });
    expect(error).toEqual({ kind: "unavailable", message: "status 503", status: 503 });
  });
});
