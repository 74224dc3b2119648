import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../chat/chat-request.ts";
import { anthropicApi } from "./anthropic/api.ts";
import { bedrockApi } from "./bedrock/api.ts";
import { geminiApi } from "./gemini/api.ts";
import { ollamaApi } from "./ollama/api.ts";
import { azureApi, openAiApi, openAiCompatibleApi } from "./openai/api.ts";
import type { ChatApi, Target } from "./provider-api.ts";
import { vertexGeminiApi } from "./vertex/api.ts";
import { vertexClaudeApi } from "./vertex-claude/api.ts";

const plain: ChatRequest = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  stream: false,
  more: { dialect: "openai", members: {} },
};

const weather = { type: "function", name: "weather", parameters: { type: "object" } } as const;

const vendors: readonly { name: string; chat: ChatApi; model: string }[] = [
  { name: "OpenAI", chat: openAiApi.chat, model: "gpt-5.2" },
  { name: "Azure", chat: azureApi.chat, model: "gpt-5.2" },
  { name: "a compatible server", chat: openAiCompatibleApi.chat, model: "llama" },
  { name: "Anthropic", chat: anthropicApi.chat, model: "claude-3-5-haiku-20241022" },
  { name: "Claude on Vertex", chat: vertexClaudeApi.chat, model: "claude-3-5-haiku" },
  { name: "Gemini", chat: geminiApi.chat, model: "gemini-2.5-flash" },
  { name: "Gemini on Vertex", chat: vertexGeminiApi.chat, model: "gemini-2.5-flash" },
  { name: "Bedrock", chat: bedrockApi.chat, model: "us.meta.llama3-3-70b-instruct-v1:0" },
  { name: "Ollama", chat: ollamaApi.chat, model: "llama3.2" },
];
const foreign = vendors.slice(3);

describe.each(vendors)("what a request to $name leaves out", ({ chat, model }) => {
  const target: Target = {
    model,
    basePath: "",
    apiVersion: "",
    keepAlive: "",
    project: "p",
    location: "l",
  };
  const droppedOf = (asked: Partial<ChatRequest>): readonly string[] =>
    chat.request({ ...plain, ...asked }, target).dropped;

  it.each<{ name: string; asked: Partial<ChatRequest> }>([
    {
      name: "how a request is kept, billed, cached or hurried",
      asked: {
        user: "ada",
        more: {
          dialect: "openai",
          members: {
            background: false,
            metadata: { a: "b" },
            prediction: { type: "content", content: "Hello" },
            prompt_cache_key: "k",
            prompt_cache_retention: "24h",
            safety_identifier: "s",
            service_tier: "priority",
            store: true,
            stream_options: { include_obfuscation: false },
          },
        },
      },
    },
    {
      name: "the same in Anthropic's words",
      asked: {
        more: {
          dialect: "anthropic",
          members: { cache_control: { type: "ephemeral" }, metadata: {}, service_tier: "auto" },
        },
      },
    },
    {
      name: "the same in the Responses API's words",
      asked: {
        more: {
          dialect: "responses",
          members: { client_metadata: {}, metadata: {}, service_tier: "auto", store: true },
        },
      },
    },
    {
      name: "what is so anyway",
      asked: {
        choices: 1,
        frequencyPenalty: 0,
        presencePenalty: 0,
        temperature: 1,
        topP: 1,
        logitBias: {},
        parallelToolCalls: true,
        format: { type: "text" },
        more: {
          dialect: "openai",
          members: { modalities: ["text"], top_logprobs: 0, logprobs: false, audio: null },
        },
      },
    },
    { name: "that one of no tools is called", asked: { parallelToolCalls: false } },
    {
      name: "cache marks, and how closely an image is looked at",
      asked: {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "Hi", cache: { ttl: "1h" } },
              {
                type: "image",
                source: { kind: "data", mediaType: "image/png", data: "AAAA" },
                detail: "low",
              },
            ],
          },
        ],
        tools: [{ ...weather, cache: {} }],
      },
    },
    {
      name: "thinking in another server's words",
      asked: {
        reasoning: { effort: "none" },
        more: { dialect: "openai", members: { thinking: { type: "disabled" }, reasoning: {} } },
      },
    },
  ])("is not named: $name", ({ asked }) => {
    expect(droppedOf(asked)).toEqual([]);
  });

  it("is named if it was said by an assistant or a tool that others understand", () => {
    const call = { type: "tool-call", id: "call_1", name: "weather", arguments: "{}" } as const;
    const dropped = droppedOf({
      tools: [weather],
      messages: [
        ...plain.messages,
        { role: "assistant", content: [{ ...alien, dialect: "responses" }, call] },
        { role: "tool", callId: "call_1", content: [{ type: "text", text: "Sun" }, alien] },
      ],
    });
    expect(dropped).toEqual(["messages.content"]);
  });

  it("is nothing of what the user says", () => {
    const ask = () => droppedOf({ messages: [{ role: "user", content: [alien] }] });
    expect(ask).toThrow(/no content of type "hologram"/);
    expect(ask).toThrow(expect.objectContaining({ code: "unsupported_value", param: "messages" }));
  });

  it("is named by the tools' members that others know", () => {
    const more = { dialect: "anthropic", members: { defer_loading: true, type: null } } as const;
    const own = chat === anthropicApi.chat || chat === vertexClaudeApi.chat;
    expect(droppedOf({ tools: [{ ...weather, more }] })).toEqual(
      own ? [] : ["tools.defer_loading"],
    );
  });
});

describe.each(foreign)("what a request of OpenAI's dialect to $name leaves out", (vendor) => {
  const { chat, model } = vendor;
  const target: Target = {
    model,
    basePath: "",
    apiVersion: "",
    keepAlive: "",
    project: "p",
    location: "l",
  };

  it("is no text to write before", () => {
    const more = { dialect: "openai", members: { suffix: "end" } } as const;
    const ask = () => chat.request({ ...plain, more }, target);
    expect(ask).toThrow(expect.objectContaining({ code: "unsupported_value", param: "suffix" }));
  });

  it("has one name everywhere", () => {
    const { dropped } = chat.request(
      {
        ...plain,
        messages: [{ role: "user", name: "ada", content: [{ type: "text", text: "Hi" }] }],
        tools: [
          { ...weather, strict: true },
          { type: "opaque", dialect: "openai", value: { type: "custom", custom: {} } },
        ],
        logitBias: { 1: 2 },
        more: { dialect: "openai", members: { verbosity: "low", frobnicate: 0 } },
      },
      target,
    );
    const names = ["frobnicate", "logit_bias", "messages.name", "tools", "tools.strict"];
    expect([...dropped].sort()).toEqual([...names, "verbosity"]);
  });
});

const alien = { type: "opaque", dialect: "ollama", value: { type: "hologram" } } as const;
