import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { vertexClaudeApi } from "./api.ts";

const target = {
  model: "claude-sonnet-4-5@20250929",
  basePath: "/v1",
  apiVersion: "",
  keepAlive: "",
  project: "my-project",
  location: "us-east5",
};
const request: ChatRequest = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  stream: false,
  seed: 1,
  more: { dialect: "openai", members: {} },
};
const messages = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
const models = "/v1/projects/my-project/locations/us-east5/publishers/anthropic/models";

describe("Claude on Vertex", () => {
  it.each([
    [false, "rawPredict", {}],
    [true, "streamRawPredict", { stream: true }],
  ])(
    "has the model in the path and the API's version in the body; stream: %s",
    (stream, method, more) => {
      expect(vertexClaudeApi.chat.request({ ...request, stream }, target)).toEqual({
        path: `${models}/claude-sonnet-4-5@20250929:${method}`,
        body: { anthropic_version: "vertex-2023-10-16", max_tokens: 64_000, messages, ...more },
        dropped: ["seed"],
      });
    },
  );

  it("counts tokens at a path of its own", () => {
    expect(vertexClaudeApi.countTokens?.request(request, target)).toEqual({
      path: `${models}/count-tokens:rawPredict`,
      body: { anthropic_version: "vertex-2023-10-16", model: target.model, messages },
      dropped: ["seed"],
    });
  });

  it("fetches nothing", () => {
    expect(
      vertexClaudeApi.chat.mustFetch(
        { type: "image", source: { kind: "url", url: "https://x/y.png" } },
        target,
      ),
    ).toBe(true);
  });

  const google = (code: number, status: string, more: object = {}): object => ({
    error: { code, message: "m", status, ...more },
  });
  it.each([
    [400, google(400, "INVALID_ARGUMENT"), { kind: "invalid_request" }],
    [401, google(401, "UNAUTHENTICATED"), { kind: "credential_rejected" }],
    [403, google(403, "PERMISSION_DENIED"), { kind: "credential_rejected" }],
    [404, google(404, "NOT_FOUND"), { kind: "model_not_found" }],
    [
      429,
      [google(429, "RESOURCE_EXHAUSTED", { details: [{ retryDelay: "1.5s" }] })],
      { kind: "rate_limited", retryAfterMs: 1500 },
    ],
    [503, google(503, "UNAVAILABLE"), { kind: "unavailable" }],
    [504, google(504, "DEADLINE_EXCEEDED"), { kind: "timeout" }],
    [500, google(500, "INTERNAL"), { kind: "server_error" }],
    [
      400,
      { type: "error", error: { type: "invalid_request_error", message: "prompt is too long: 1" } },
      { kind: "context_too_long" },
    ],
    [
      529,
      { type: "error", error: { type: "overloaded_error", message: "m" } },
      { kind: "overloaded" },
    ],
    [502, "<html>", { kind: "unavailable" }],
  ])("understands %s %o", (status, body, error) => {
    const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const found = vertexClaudeApi.classifyError({ status, headers: {}, body: bytes });
    expect(found).toMatchObject({ status, ...error });
  });
});
