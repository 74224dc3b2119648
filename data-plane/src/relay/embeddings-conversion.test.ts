import { exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeVector } from "../dialects/openai-embeddings/encode-vector.ts";
import { readEmbeddingsRequest } from "../dialects/openai-embeddings/read-request.ts";
import { writeEmbeddingsAnswer } from "../dialects/openai-embeddings/write-answer.ts";
import { openAiApi } from "../providers/openai/api.ts";
import { embeddingsRelay } from "./embeddings-conversion.ts";

const formats = ["float", "base64"] as const;
const answer = (embedding: unknown, more: object = {}) => ({
  object: "list",
  data: [{ object: "embedding", index: 0, embedding, ...more }],
  model: "m",
  usage: { prompt_tokens: 3, total_tokens: 3 },
});
/** 0.5 and -2 as little-endian float32. */
const base64 = "AAAAPwAAAMA=";

describe("embeddingsRelay()", () => {
  it.each([
    { name: "floats as floats", format: "float", given: [0.5, -2], sent: [0.5, -2], same: true },
    { name: "base64 as base64", format: "base64", given: base64, sent: base64, same: true },
    { name: "floats as base64", format: "base64", given: [0.5, -2], sent: base64 },
    { name: "base64 as floats", format: "float", given: base64, sent: [0.5, -2] },
    {
      name: "Perplexity's int8 as floats",
      format: "float",
      given: Buffer.from([127, 255, 128, 3, 100]).toString("base64"),
      sent: [127, -1, -128, 3, 100],
    },
    {
      name: "Perplexity's int8 as base64",
      format: "base64",
      given: Buffer.from([1, 255, 127, 127]).toString("base64"),
      sent: encodeVector([1, -1, 127, 127], "base64"),
    },
  ] as const)("gives $name", ({ format, given, sent, ...row }) => {
    const bytes = Buffer.from(JSON.stringify(answer(given)));
    const result = embeddingsRelay({ encodingFormat: format }).plain(bytes);
    if (result.kind !== "answer") throw new Error(result.kind);
    expect(JSON.parse(result.body.toString())).toEqual(answer(sent));
    expect(result.usage).toEqual({ inputTokens: 3, outputTokens: 0 });
    expect(result.body === bytes).toBe("same" in row);
  });

  it("mends what is missing", () => {
    const bytes = Buffer.from(JSON.stringify({ data: [{ embedding: [1] }] }));
    const result = embeddingsRelay({ encodingFormat: "float" }).plain(bytes);
    if (result.kind !== "answer") throw new Error(result.kind);
    expect(JSON.parse(result.body.toString())).toEqual({
      ...answer([1]),
      model: "",
      usage: { prompt_tokens: 0, total_tokens: 0 },
    });
  });

  it.each([
    { name: "HTML", body: "<html>", expected: { kind: "invalid" } },
    { name: "no vectors", body: "{}", expected: { kind: "invalid", what: "JSON without vectors" } },
    {
      name: "an error",
      body: '{"error":{"message":"m","code":429}}',
      expected: { kind: "error", error: { kind: "rate_limited" } },
    },
  ])("does not take $name for an answer", ({ body, expected }) => {
    expect(embeddingsRelay({ encodingFormat: "float" }).plain(Buffer.from(body))).toMatchObject(
      expected,
    );
  });
});

describe("encodeVector()", () => {
  it("writes float32, and reads back the same", () => {
    const float32 = fc.float({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(float32, { minLength: 1 }), (vector) => {
        const encoded = encodeVector(vector, "base64");
        const bytes = Buffer.from(String(encoded), "base64");
        const decoded = new Float32Array(
          bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
        );
        expect([...decoded]).toEqual(vector);
        expect(encodeVector<readonly number[]>(String(encoded), "float")).toEqual(vector);
      }),
    );
  });
});

describe("readEmbeddingsRequest()", () => {
  it.each([
    {
      name: "a text",
      body: { input: "a" },
      expected: { asked: { input: ["a"] }, encodingFormat: "float" },
    },
    {
      name: "texts",
      body: { input: ["a", "b"], encoding_format: "base64" },
      expected: { asked: { input: ["a", "b"] }, encodingFormat: "base64" },
    },
    { name: "tokens", body: { input: [1, 2] }, expected: { asked: { input: [[1, 2]] } } },
    {
      name: "lists of tokens",
      body: { input: [[1], [2]] },
      expected: { asked: { input: [[1], [2]] } },
    },
    {
      name: "the rest",
      body: { input: "a", dimensions: 3, user: "u", input_type: "query" },
      expected: {
        asked: {
          dimensions: 3,
          user: "u",
          more: { dialect: "openai", members: { input_type: "query" } },
        },
      },
    },
  ])("reads $name", ({ body, expected }) => {
    expect(readEmbeddingsRequest({ model: "x", ...body })).toMatchObject(expected);
  });

  it.each([
    { name: "nothing", body: {}, param: "input", code: "missing_required_parameter" },
    { name: "an empty text", body: { input: "" }, param: "input", code: "invalid_value" },
    { name: "an empty list", body: { input: [] }, param: "input", code: "invalid_value" },
    {
      name: "an empty text in a list",
      body: { input: ["a", ""] },
      param: "input[1]",
      code: "invalid_value",
    },
    { name: "an object", body: { input: {} }, param: "input", code: "invalid_type" },
    { name: "half a token", body: { input: [1.5] }, param: "input[0]", code: "invalid_type" },
    {
      name: "another encoding",
      body: { input: "a", encoding_format: "hex" },
      param: "encoding_format",
      code: "invalid_value",
    },
  ])("refuses $name", ({ body, param, code }) => {
    expect(() => readEmbeddingsRequest(body)).toThrow(expect.objectContaining({ param, code }));
  });
});

describeExchanges("recorded embeddings", (exchanges) => {
  const schema = openAiSchemaOrNotice("recorded embeddings");
  const recorded = exchanges
    .list({ kinds: ["embeddings"], where: ({ response }) => response.status === 200 })
    .filter(({ provider }) => provider !== "vertex" && provider !== "cohere");

  it.each(recorded)("are relayed and translated in both encodings: $name", (exchange) => {
    const bytes = exchangeBytes(exchange);
    for (const encodingFormat of formats) {
      const result = embeddingsRelay({ encodingFormat }).plain(bytes);
      if (result.kind !== "answer") throw new Error(result.kind);
      const relayed = JSON.parse(result.body.toString());
      expect(schema?.problems("embeddings", relayed) ?? []).toEqual([]);
      const ours = typeof relayed.data[0].embedding === "string" ? "base64" : "float";
      expect(ours).toBe(encodingFormat);
      const { asked } = readEmbeddingsRequest({ input: "x" });
      const answered = openAiApi.embeddings?.answer(JSON.parse(bytes.toString()), asked);
      if (!answered) throw new Error("no embeddings");
      const written = writeEmbeddingsAnswer(answered, { encodingFormat, model: "m" });
      expect(schema?.problems("embeddings", written) ?? []).toEqual([]);
      const vectors = (list: readonly { embedding: unknown }[]) =>
        list.map((entry) => entry.embedding);
      expect(written["data"]).toHaveLength(relayed.data.length);
      expect(vectors(JSON.parse(JSON.stringify(written)).data)).toEqual(vectors(relayed.data));
    }
  });
});
