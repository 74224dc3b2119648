import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../chat/chat-request.ts";
import { exactTokens } from "./exact-tokens.ts";
import { encodingOf, loadTokenizer } from "./tokenizer.ts";

describe("encodingOf()", () => {
  it.each([
    ["gpt-4o-mini-2024-07-18", "o200k_base"],
    ["gpt-4.1", "o200k_base"],
    ["gpt-5-nano", "o200k_base"],
    ["o1", "o200k_base"],
    ["o3-mini", "o200k_base"],
    ["ft:gpt-4o-mini:acme::abc", "o200k_base"],
    ["openai/gpt-4o", "o200k_base"],
    ["gpt-4o-eu", "o200k_base"],
    ["gpt-4", "cl100k_base"],
    ["gpt-4-turbo", "cl100k_base"],
    ["gpt-3.5-turbo", "cl100k_base"],
    ["gpt-35-turbo", "cl100k_base"],
    ["text-embedding-3-small", "cl100k_base"],
    ["gpt-oss-120b", undefined],
    ["claude-haiku-4-5", undefined],
    ["omni", undefined],
    ["o1000", undefined],
    ["my-deployment", undefined],
  ])("of %s", (model, encoding) => {
    expect(encodingOf(model)).toBe(encoding);
  });
});

describe("exactTokens()", () => {
  // The messages of OpenAI's cookbook, and what its API says of them.
  const cookbook = chat([
    [
      "system",
      "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
    ],
    ["system", "New synergies will help drive top-line growth.", "example_user"],
    ["system", "Things working well together will increase revenue.", "example_assistant"],
    [
      "system",
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
      "example_user",
    ],
    [
      "system",
      "Let's talk later when we're less busy about how to do better.",
      "example_assistant",
    ],
    [
      "user",
      "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ],
  ]);

  it.each([
    ["gpt-4-0613", 129],
    ["gpt-4o", 124],
  ])("counts the cookbook's messages for %s", async (model, tokens) => {
    expect(await exactTokens(model, cookbook)).toBe(tokens);
  });

  it("counts the cookbook's tools", async () => {
    const request: ChatRequest = {
      ...chat([
        ["system", "You are a helpful assistant that can answer to questions about the weather."],
        ["user", "What's the weather like in San Francisco?"],
      ]),
      tools: [
        {
          type: "function",
          name: "get_current_weather",
          description: "Get the current weather in a given location",
          parameters: {
            type: "object",
            properties: {
              location: {
                type: "string",
                description: "The city and state, e.g. San Francisco, CA",
              },
              unit: {
                type: "string",
                description: "The unit of temperature to return",
                enum: ["celsius", "fahrenheit"],
              },
            },
            required: ["location"],
          },
        },
      ],
    };
    expect(await exactTokens("gpt-4o", request)).toBe(101);
  });

  it.each([
    { name: "a model without a public tokenizer", model: "claude-opus-4-1", request: cookbook },
    {
      name: "a prompt that is too long",
      model: "gpt-4o",
      request: chat([["user", "a ".repeat(40_000)]]),
    },
    {
      name: "an image",
      model: "gpt-4o",
      request: withPart({ type: "image", source: { kind: "id", id: "a" } }),
    },
    {
      name: "audio",
      model: "gpt-4o",
      request: withPart({ type: "audio", mediaType: "audio/wav", data: "" }),
    },
  ])("leaves $name to the estimate", async ({ model, request }) => {
    expect(await exactTokens(model, request)).toBeUndefined();
  });

  it("counts one less for models that reason", async () => {
    const counts = ["gpt-4o", "gpt-5-nano", "openai/o3-mini"].map((model) =>
      exactTokens(model, chat([["user", "Hello"]])),
    );
    expect(await Promise.all(counts)).toEqual([8, 7, 7]);
  });

  it("counts calls of tools, and takes special tokens for plain text", async () => {
    const call = { type: "tool-call", id: "c", name: "f", arguments: '{"a":1}' } as const;
    const request: ChatRequest = {
      ...chat([["user", "<|endoftext|>"]]),
      messages: [{ role: "assistant", content: [call] }],
    };
    expect(await exactTokens("gpt-4o", request)).toBeGreaterThan(10);
    expect(await exactTokens("gpt-4o", chat([["user", "<|endoftext|>"]]))).toBe(3 + 4 + 7);
  });

  it("is about the same however a text is cut", async () => {
    const tokenizer = await loadTokenizer("o200k_base");
    const text = "The quick brown fox jumps over 12 lazy dogs, naïvely. ".repeat(1_000);
    const counted = (await exactTokens("gpt-4o", chat([["user", text]]))) ?? 0;
    expect(Math.abs(counted - tokenizer(text) - 7)).toBeLessThan(20);
  });

  it.each([
    ["letters", "a"],
    ["blanks", " "],
    ["marks", "="],
    ["Chinese", "测"],
    ["emoji", "🐈"],
  ])("cuts runs of %s, since merging takes the square of their length", async (_, character) => {
    const tokenizer = await loadTokenizer("o200k_base");
    expect(tokenizer(character.repeat(1_000))).toBe(10 * tokenizer(character.repeat(100)));
    expect(tokenizer(character.repeat(99))).toBeLessThan(100 * 3);
  });

  it("lets others have their turn", async () => {
    await loadTokenizer("o200k_base");
    let done = false;
    const counted = exactTokens("gpt-4o", chat([["user", "word ".repeat(12_000)]])).finally(() => {
      done = true;
    });
    let turns = 0;
    for (; !done; turns++) await new Promise(setImmediate);
    expect(await counted).toBe(12_000 + 1 + 7);
    expect(turns).toBeGreaterThan(10);
  });
});

function chat(messages: readonly (readonly [string, string, string?])[]): ChatRequest {
  return {
    messages: messages.map(([role, text, name]) => ({
      role: role === "system" ? "system" : "user",
      content: [{ type: "text", text }],
      ...(name !== undefined && { name }),
    })),
    tools: [],
    stream: false,
    more: { dialect: "openai", members: {} },
  };
}

type Part = Extract<ChatRequest["messages"][number], { readonly role: "user" }>["content"][number];

function withPart(part: Part): ChatRequest {
  return { ...chat([]), messages: [{ role: "user", content: [part] }] };
}
