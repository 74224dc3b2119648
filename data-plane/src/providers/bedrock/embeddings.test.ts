import { Fault } from "@headgate/core";
import { describe, expect, it } from "vitest";
import type { EmbeddingsRequest } from "../../chat/embeddings.ts";
import { bedrockEmbeddings } from "./embeddings.ts";

interface Row {
  readonly name: string;
  readonly model: string;
  readonly request?: Partial<EmbeddingsRequest>;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly body: object;
  readonly dropped?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: "Titan 2",
    model: "amazon.titan-embed-text-v2:0",
    request: { dimensions: 256, user: "u" },
    members: { normalize: false, encoding_format: "base64" },
    body: { inputText: "a", dimensions: 256, normalize: false },
  },
  {
    name: "Titan 1",
    model: "amazon.titan-embed-text-v1",
    request: { dimensions: 256 },
    members: { input_type: "x" },
    body: { inputText: "a" },
    dropped: ["input_type", "dimensions"],
  },
  {
    name: "Titan for images",
    model: "amazon.titan-embed-image-v1",
    request: { dimensions: 256 },
    body: { inputText: "a", embeddingConfig: { outputEmbeddingLength: 256 } },
  },
  {
    name: "Nova",
    model: "amazon.nova-2-multimodal-embeddings-v1:0",
    request: { dimensions: 384 },
    members: { embeddingPurpose: "CLUSTERING" },
    body: {
      taskType: "SINGLE_EMBEDDING",
      singleEmbeddingParams: {
        embeddingPurpose: "CLUSTERING",
        embeddingDimension: 384,
        text: { truncationMode: "END", value: "a" },
      },
    },
  },
  {
    name: "Cohere 3",
    model: "cohere.embed-multilingual-v3",
    request: { input: ["a", "b"], dimensions: 256 },
    members: { input_type: "search_query", truncate: "END" },
    body: {
      texts: ["a", "b"],
      input_type: "search_query",
      embedding_types: ["float"],
      truncate: "END",
    },
    dropped: ["dimensions"],
  },
  {
    name: "Cohere 4",
    model: "us.cohere.embed-v4:0",
    request: { dimensions: 256 },
    body: {
      texts: ["a"],
      input_type: "search_document",
      embedding_types: ["float"],
      output_dimension: 256,
    },
  },
];

describe("bedrockEmbeddings", () => {
  it.each(rows)("asks $name", ({ model, request, members = {}, body, dropped = [] }) => {
    const asked = { input: ["a"], ...request, more: { dialect: "openai", members } } as const;
    const written = bedrockEmbeddings.request(asked, { ...target, model });
    expect(written.body).toEqual(body);
    expect([...written.dropped].sort()).toEqual([...dropped].sort());
    expect(written.path).toBe(`/model/${encodeURIComponent(model)}/invoke`);
  });

  it.each([
    ["several texts of Titan", "amazon.titan-embed-text-v2:0", ["a", "b"], /one text per request/],
    ["several texts of Nova", "amazon.nova-2-multimodal-embeddings-v1:0", ["a", "b"], /one text/],
    ["97 texts of Cohere", "cohere.embed-english-v3", Array(97).fill("a"), /at most 96 texts/],
    ["tokens", "cohere.embed-english-v3", [[1, 2]], /not the ids of their tokens/],
  ])("refuses %s", (_, model, input, message) => {
    const more = { dialect: "openai", members: {} } as const;
    const ask = () => bedrockEmbeddings.request({ input, more }, { ...target, model });
    expect(ask).toThrow(Fault);
    expect(ask).toThrow(message);
  });

  it.each([
    ["Titan's", { embedding: [1, 2], inputTextTokenCount: 3 }, [[1, 2]], 3],
    ["Titan's by type", { embeddingsByType: { float: [1, 2] } }, [[1, 2]], undefined],
    ["Cohere's", { embeddings: [[1], [2]] }, [[1], [2]], undefined],
    ["Cohere's by type", { embeddings: { float: [[1], [2]] } }, [[1], [2]], undefined],
    ["Nova's", { embeddings: [{ embeddingType: "TEXT", embedding: [1] }] }, [[1]], undefined],
  ])("reads %s", (_, body, vectors, inputTokens) => {
    const answer = bedrockEmbeddings.answer(body, asking);
    expect(answer.vectors).toEqual(vectors);
    expect(answer.usage?.inputTokens).toBe(inputTokens);
  });

  it.each([[{}], [null], ["x"], [{ embeddings: 1 }], [{ embedding: ["a"] }]])(
    "has nothing to read in %j",
    (body) => {
      expect(() => bedrockEmbeddings.answer(body, asking)).toThrow(SyntaxError);
    },
  );
});

const asking: EmbeddingsRequest = { input: ["a"], more: { dialect: "openai", members: {} } };
const target = { basePath: "", apiVersion: "", keepAlive: "", project: "", location: "" };
