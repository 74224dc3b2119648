import { type Answer, jsonAnswer } from "@headgate/testing";
import type { UpstreamType } from "../differential/upstreams.ts";

type Headers = Readonly<Record<string, string>>;

/** An error as the vendor says it. */
export function vendorError(type: UpstreamType, status: number, headers: Headers = {}): Answer {
  return jsonAnswer(errorBody(type, status), { status, headers });
}

export function rateLimited(type: UpstreamType, retryAfterS: string): Answer {
  return vendorError(type, 429, { "retry-after": retryAfterS });
}

/** Only Anthropic has a status of its own for it. */
export function overloaded(type: UpstreamType): Answer {
  return vendorError(type, type === "anthropic" ? 529 : 503, { "retry-after": "0" });
}

function errorBody(type: UpstreamType, status: number): object {
  const message = status === 503 ? "The model is overloaded." : "This vendor says no.";
  switch (type) {
    case "anthropic":
    case "vertex-claude":
      return {
        type: "error",
        error: { type: anthropicTypes[status] ?? "api_error", message },
        request_id: "req_of_the_vendor",
      };
    case "gemini":
    case "vertex":
      return { error: { code: status, message, status: googleWords[status] ?? "INTERNAL" } };
    case "bedrock":
      return { message };
    case "ollama":
      return { error: message };
    default:
      return { error: { message, type: "some_error", param: null } };
  }
}

const anthropicTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

const googleWords: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

/** What vendors refuse, and what clients raise for it. */
export const refusals = [
  {
    name: "an invalid request",
    answer: (type: UpstreamType) => vendorError(type, 400),
    openai: { error: "BadRequestError", status: 400 },
    anthropic: { error: "BadRequestError", status: /^400$/, type: "invalid_request_error" },
  },
  {
    name: "a rate limit",
    answer: (type: UpstreamType) => rateLimited(type, "1"),
    openai: { error: "RateLimitError", status: 429 },
    anthropic: { error: "RateLimitError", status: /^429$/, type: "rate_limit_error" },
  },
  {
    name: "our credential",
    answer: (type: UpstreamType) => vendorError(type, 401),
    openai: { error: "InternalServerError", status: 502 },
    anthropic: { error: "InternalServerError", status: /^502$/, type: "api_error" },
  },
  {
    name: "an overload",
    answer: overloaded,
    openai: { error: "InternalServerError", status: 503 },
    anthropic: { error: "InternalServerError", status: /^(503|529)$/, type: "overloaded_error" },
  },
] as const;
