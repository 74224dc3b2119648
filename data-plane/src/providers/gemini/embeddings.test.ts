import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { describe, expect, it } from "vitest";
import { vertexGeminiApi } from "../vertex/api.ts";
import { geminiApi } from "./api.ts";

const target = {
  model: "gemini-embedding-001",
  basePath: "/v1beta",
  apiVersion: "",
  keepAlive: "",
  project: "p",
  location: "l",
};
const plain = { input: ["a", "b"], more: { dialect: "openai", members: {} } } as const;

describe("geminiApi.embeddings", () => {
  it("asks for all texts at once", () => {
    const request = {
      ...plain,
      dimensions: 3,
      user: "ann",
      more: {
        dialect: "openai",
        members: {
          encoding_format: "base64",
          task_type: "RETRIEVAL_QUERY",
          input_type: "x",
          extra_body: { google: { title: "T" } },
        },
      },
    } as const;
    const one = (text: string) => ({
      model: "models/gemini-embedding-001",
      content: { parts: [{ text }] },
      taskType: "RETRIEVAL_QUERY",
      title: "T",
      outputDimensionality: 3,
    });
    expect(geminiApi.embeddings?.request(request, target)).toEqual({
      path: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
      body: { requests: [one("a"), one("b")] },
      dropped: ["input_type"],
    });
  });

  it("reads vectors, and usage where it is told", () => {
    const read = (body: unknown) => geminiApi.embeddings?.answer(body, plain);
    const embeddings = [{ values: [1, 2] }, { values: [3, 4] }];
    expect(read({ embeddings })).toEqual({
      vectors: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(read({ embeddings, usageMetadata: { promptTokenCount: 7 } })).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 0 },
    });
    for (const wrong of [{}, null, [], { embeddings: [{}] }, { embeddings: [{ values: ["x"] }] }]) {
      expect(() => read(wrong)).toThrow(SyntaxError);
    }
  });

  it.each([geminiApi, vertexGeminiApi])("refuses tokens", (api) => {
    const request = { ...plain, input: [[1, 2]] };
    expect(() => api.embeddings?.request(request, target)).toThrow(
      expect.objectContaining({ code: "unsupported_value", param: "input" }),
    );
  });
});

describe("geminiApi.countTokens", () => {
  it("has the whole request counted, and reads the sum", () => {
    const request = {
      messages: [
        { role: "system", content: [{ type: "text", text: "Be brief." }] },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
      ],
      tools: [],
      stream: false,
      more: { dialect: "openai", members: {} },
    } as const;
    expect(geminiApi.countTokens?.request(request, { ...target, model: "gemini-x" })).toEqual({
      path: "/v1beta/models/gemini-x:countTokens",
      body: {
        generateContentRequest: {
          model: "models/gemini-x",
          contents: [{ role: "user", parts: [{ text: "Hi" }] }],
          systemInstruction: { parts: [{ text: "Be brief." }] },
        },
      },
      dropped: [],
    });
    const read = geminiApi.countTokens?.answer;
    expect(
      [{ totalTokens: 8 }, { totalTokens: "8" }, {}, null].map((body) => read?.(body)),
    ).toEqual([8, undefined, undefined, undefined]);
  });
});

describeExchanges("Google's recorded embeddings and counts", (exchanges) => {
  const of = (...kinds: readonly string[]) =>
    exchanges.list({
      providers: ["gemini", "vertex"],
      kinds,
      where: ({ response }) => response.status === 200,
    });

  it.each(of("batchEmbedContents", "embedContent", "embeddings"))("$name", (exchange) => {
    const body = json(exchange);
    const api = exchange.provider === "gemini" ? geminiApi : vertexGeminiApi;
    const lists = body.embeddings ??
      body.predictions?.map((each) => each.embeddings) ?? [body.embedding];
    const answer = api.embeddings?.answer(body, plain);
    expect(answer?.vectors).toEqual(lists.map((each) => each?.values));
    const counted = body.predictions?.reduce(
      (sum, each) => sum + each.embeddings.statistics.token_count,
      0,
    );
    expect(answer?.usage?.inputTokens).toBe(body.usageMetadata?.promptTokenCount ?? counted);
  });

  it.each(of("countTokens"))("$name", (exchange) => {
    const body = json(exchange);
    const api = exchange.provider === "gemini" ? geminiApi : vertexGeminiApi;
    expect(api.countTokens?.answer(body)).toBe(body.totalTokens);
  });
});

interface Embedding {
  readonly values: readonly number[];
  readonly statistics: { readonly token_count: number };
}

interface Body {
  readonly embeddings?: readonly Embedding[];
  readonly embedding?: Embedding;
  readonly predictions?: readonly { readonly embeddings: Embedding }[];
  readonly usageMetadata?: { readonly promptTokenCount: number };
  readonly totalTokens?: number;
}

function json(exchange: Exchange): Body {
  return JSON.parse(exchangeBytes(exchange).toString());
}
