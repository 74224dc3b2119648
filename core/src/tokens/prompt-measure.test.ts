import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measurePrompt, type PromptMeasure } from "./prompt-measure.ts";

const base64 = "iVBORw0KGgo/+A==".repeat(64);

describe("measurePrompt()", () => {
  it.each<{ name: string; body: unknown; measure: Partial<PromptMeasure> }>([
    {
      name: "counts the text of messages, and neither their roles nor the model",
      body: { model: "gpt-4o", messages: [{ role: "user", content: "Hello there, 1234!" }] },
      // hello, there, comma, 123, 4, exclamation mark
      measure: { textBytes: 18, wideBytes: 0, pieces: 6, messages: 1, tools: 0, media: 0 },
    },
    {
      name: "counts bytes that are not ASCII",
      body: { messages: [{ role: "user", content: "Füße 猫 🐈" }] },
      measure: { textBytes: 15, wideBytes: 11, messages: 1 },
    },
    {
      name: "counts a data URL as media, and not as text",
      body: {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "what?" },
              { type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } },
            ],
          },
        ],
      },
      measure: { textBytes: 5, media: 1 },
    },
    {
      name: "counts images as Anthropic, Gemini, Bedrock and Ollama have them",
      body: {
        a: { type: "image", source: { type: "base64", media_type: "image/png", data: base64 } },
        b: { inlineData: { mimeType: "image/png", data: base64 } },
        c: { image: { source: { bytes: base64 } } },
        d: { images: [base64, base64] },
        e: { image_url: "https://example.com/a.png" },
        f: { fileData: { mimeType: "video/mp4", fileUri: "gs://bucket/a" } },
      },
      measure: { textBytes: 0, media: 7 },
    },
    {
      name: "counts what only looks like a file as text",
      body: { content: base64, data: "a b", url: "x" },
      measure: { textBytes: 1024 + 4, media: 0 },
    },
    {
      name: "counts tools, and the words of their schemas",
      body: {
        tools: [
          { function: { name: "f", parameters: { type: "object", properties: { id: {} } } } },
          { name: "g", input_schema: { type: "object" } },
        ],
        messages: [],
      },
      // f, type, object, properties, id; g, type, object
      measure: { tools: 2, messages: 0, textBytes: 1 + 4 + 6 + 10 + 2 + 1 + 4 + 6 },
    },
    {
      name: "knows where a schema ends",
      body: { parameters: { type: "object" }, messages: [{ role: "user", content: "abc" }] },
      measure: { textBytes: 4 + 6 + 3, messages: 1 },
    },
    {
      name: "leaves out what the model is not told, however deep",
      body: {
        metadata: { role: "x", a: [{ b: "secret" }], c: "secret" },
        messages: [{ role: "assistant", reasoning_content: "hm".repeat(99), content: "abc" }],
        thinking: { type: "enabled", budget_tokens: 1024 },
      },
      measure: { textBytes: 3, messages: 1 },
    },
    { name: "counts ids of tokens", body: { input: [1, 22, 333] }, measure: { pieces: 3 } },
  ])("$name", ({ body, measure }) => {
    expect(measurePrompt(encode(JSON.stringify(body)))).toMatchObject(measure);
  });

  it("reads escapes as what they stand for", () => {
    const text = 'Füße 猫 🐈 \n"quoted" \\ end';
    const escaped = [...JSON.stringify(text)]
      .flatMap((character) => character.split(""))
      .map((unit) =>
        unit > "\x7f" ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit,
      )
      .join("");
    const plain = measurePrompt(encode(`{"content":${JSON.stringify(text)}}`));
    const measured = measurePrompt(encode(`{"content":${escaped}}`));
    expect(measured.textBytes).toBe(Buffer.byteLength(text));
    expect(measured).toMatchObject({ textBytes: plain.textBytes, wideBytes: plain.wideBytes });
  });

  it("sees of a long text what is like the whole", () => {
    const sentence = "The quick brown fox jumps over 12 lazy dögs. ";
    const one = measurePrompt(encode(JSON.stringify({ content: sentence })));
    const many = measurePrompt(encode(JSON.stringify({ content: sentence.repeat(5_000) })));
    expect(many.textBytes / (one.textBytes * 5_000)).toBeCloseTo(1, 3);
    expect(many.pieces / (one.pieces * 5_000)).toBeCloseTo(1, 1);
    expect(many.wideBytes / (one.wideBytes * 5_000)).toBeCloseTo(1, 1);
  });

  it("grows with the text, and is the same however the JSON is spaced", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ minLength: 1 }), (value, more) => {
        const body = { a: value };
        const measure = measurePrompt(encode(JSON.stringify(body)));
        expect(measurePrompt(encode(JSON.stringify(body, null, 2)))).toEqual(measure);
        const longer = measurePrompt(encode(JSON.stringify({ ...body, content: more })));
        expect(longer.textBytes).toBe(measure.textBytes + Buffer.byteLength(more));
      }),
    );
  });

  it("ends with finite numbers, whatever the bytes", () => {
    const pieces = fc.constantFrom(
      '"',
      "\\",
      "\\u",
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      "role",
      "data",
      "9",
      "é",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(pieces, { maxLength: 60 }).map((parts) => encode(parts.join(""))),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        for (const value of Object.values(measurePrompt(body))) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(3 * body.length);
        }
      }),
    );
  });
});

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
