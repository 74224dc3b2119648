import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { vertexGeminiApi } from "./api.ts";

const request: ChatRequest = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  stream: false,
  more: { dialect: "openai", members: { extra_body: { google: { labels: { team: "a" } } } } },
};
const contents = [{ role: "user", parts: [{ text: "Hi" }] }];

describe("vertexGeminiApi", () => {
  it.each([
    ["gemini-2.5-pro", "/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro"],
    ["publishers/meta/models/x", "/v1/projects/p/locations/eu/publishers/meta/models/x"],
    [
      "google/gemini-2.5-pro",
      "/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro",
    ],
    ["models/gemini-x@001", "/v1/projects/p/locations/eu/publishers/google/models/gemini-x@001"],
    ["endpoints/123", "/v1/projects/p/locations/eu/endpoints/123"],
    ["projects/q/locations/us/endpoints/1", "/v1/projects/q/locations/us/endpoints/1"],
  ])("finds %s", (model, path) => {
    const asked = (stream: boolean) =>
      vertexGeminiApi.chat.request({ ...request, stream }, target(model));
    expect(asked(false).path).toBe(`${path}:generateContent`);
    expect(asked(true).path).toBe(`${path}:streamGenerateContent?alt=sse`);
  });

  it("needs no project where an API key says it", () => {
    const { path } = vertexGeminiApi.chat.request(request, { ...target("gemini-x"), project: "" });
    expect(path).toBe("/v1/publishers/google/models/gemini-x:generateContent");
  });

  it("asks as Gemini's own API is asked", () => {
    expect(vertexGeminiApi.chat.request(request, target("gemini-x")).body).toEqual({
      contents,
      labels: { team: "a" },
    });
  });

  it("counts tokens of what has any", () => {
    expect(vertexGeminiApi.countTokens?.request(request, target("gemini-x"))).toEqual({
      path: "/v1/projects/p/locations/eu/publishers/google/models/gemini-x:countTokens",
      body: { contents },
      dropped: [],
    });
  });

  const members = { taskType: "RETRIEVAL_QUERY", title: "T", auto_truncate: false };
  const embed = {
    input: ["a", "b"],
    dimensions: 3,
    more: { dialect: "openai", members },
  } as const;

  it("embeds several texts by prediction", () => {
    const path = "/v1/projects/p/locations/eu/publishers/google/models/text-embedding-005:predict";
    const instance = { task_type: "RETRIEVAL_QUERY", title: "T" };
    expect(vertexGeminiApi.embeddings?.request(embed, target("text-embedding-005"))).toEqual({
      path,
      body: {
        instances: [
          { content: "a", ...instance },
          { content: "b", ...instance },
        ],
        parameters: { autoTruncate: false, outputDimensionality: 3 },
      },
      dropped: [],
    });
    expect(vertexGeminiApi.embeddings?.request(embed, target("gemini-embedding-001")).path).toMatch(
      /:predict$/,
    );
  });

  it("embeds one text as content with newer models, and says that it takes no more", () => {
    const ask = (input: readonly string[]) =>
      vertexGeminiApi.embeddings?.request({ ...embed, input }, target("gemini-embedding-2"));
    expect(ask(["a"])).toEqual({
      path: "/v1/projects/p/locations/eu/publishers/google/models/gemini-embedding-2:embedContent",
      body: {
        content: { parts: [{ text: "a" }] },
        embedContentConfig: {
          taskType: "RETRIEVAL_QUERY",
          title: "T",
          autoTruncate: false,
          outputDimensionality: 3,
        },
      },
      dropped: [],
    });
    expect(() => ask(["a", "b"])).toThrow(/embeds one input a request, and not 2/);
    expect(() => ask([])).toThrow(expect.objectContaining({ code: "unsupported_value" }));
  });

  it("leaves usage out unless every text was counted", () => {
    const read = (...counts: readonly unknown[]) => {
      const predictions = counts.map((token_count) => ({
        embeddings: { values: [1], statistics: { token_count } },
      }));
      return vertexGeminiApi.embeddings?.answer({ predictions }, embed).usage;
    };
    expect(read(2, 3)).toEqual({ inputTokens: 5, outputTokens: 0 });
    expect(read(2, undefined)).toBeUndefined();
  });
});

function target(model: string) {
  return { model, basePath: "/v1", apiVersion: "", keepAlive: "", project: "p", location: "eu" };
}
