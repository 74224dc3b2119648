import { describe, expect, it } from "vitest";
import { routeOf } from "./routes.ts";

describe("routeOf()", () => {
  it.each([
    ["/v1/chat/completions", { kind: "call", endpoint: "chat_completions" }],
    ["/v1/responses", { kind: "call", endpoint: "responses" }],
    ["/v1/messages?beta=true", { kind: "call", endpoint: "messages" }],
    ["/v1/messages/count_tokens", { kind: "call", endpoint: "count_tokens" }],
    ["/openai/v1/embeddings", { kind: "call", endpoint: "embeddings" }],
    ["/openai/responses?api-version=2025-04-01-preview", { kind: "call", endpoint: "responses" }],
    [
      "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
      { kind: "call", endpoint: "chat_completions", model: "gpt-4o" },
    ],
    [
      "/openai/deployments/acme%2Fbig/embeddings",
      { kind: "call", endpoint: "embeddings", model: "acme/big" },
    ],
    [
      "/openai/deployments/acme/big/completions",
      { kind: "call", endpoint: "completions", model: "acme/big" },
    ],
    ["http://proxy.test/v1/messages", { kind: "call", endpoint: "messages" }],
    ["/openai/deployments//chat/completions", { kind: "unknown" }],
    ["/openai/deployments/gpt-4o/images/generations", { kind: "unknown" }],
    ["/openai/deployments/%E0%A4%A/chat/completions", { kind: "unknown" }],
    ["/v1/chat/completions/", { kind: "unknown" }],
    ["/chat/completions", { kind: "unknown" }],
    ["/v1/responses/resp_1/cancel", { kind: "stored_response", id: "resp_1", action: "/cancel" }],
    ["/v1/responses/resp_1", { kind: "wrong_method", allow: "GET" }],
  ])("POST %s", (url, route) => {
    expect(routeOf("POST", url)).toEqual(route);
  });

  it.each([
    ["/v1/models", { kind: "models" }],
    ["/openai/models?api-version=x", { kind: "models" }],
    ["/v1/models/acme%2Fbig", { kind: "model", name: "acme/big" }],
    ["/openai/v1/models/acme/big", { kind: "model", name: "acme/big" }],
    ["/v1/models/", { kind: "unknown" }],
    ["/v1/messages", { kind: "wrong_method", allow: "POST" }],
    ["/v1/responses/resp_1", { kind: "stored_response", id: "resp_1", action: "" }],
    [
      "/openai/responses/resp_1/input_items?limit=2",
      { kind: "stored_response", id: "resp_1", action: "/input_items" },
    ],
    ["/v1/responses/resp_1/cancel", { kind: "wrong_method", allow: "POST" }],
  ])("GET %s", (url, route) => {
    expect(routeOf("GET", url)).toEqual(route);
  });
});
