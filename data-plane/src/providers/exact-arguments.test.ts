import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../chat/chat-request.ts";
import { geminiApi } from "./gemini/api.ts";
import { ollamaApi } from "./ollama/api.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};

describe("arguments that a vendor streams as an object", () => {
  const text = '{"id":12345678901234567890}';

  it.each([
    {
      name: "Gemini",
      chat: geminiApi.chat,
      bytes: `data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":${text}}}]}}]}\n\n`,
    },
    {
      name: "Ollama",
      chat: ollamaApi.chat,
      bytes: `{"message":{"tool_calls":[{"function":{"name":"f","arguments":${text}}}]}}\n`,
    },
  ])("keep their long integers: $name", ({ chat, bytes }) => {
    const events = chat.stream(request).push(Buffer.from(bytes));
    expect(events.filter(({ type }) => type === "tool-call-delta")).toMatchObject([
      { arguments: text },
    ]);
  });
});
