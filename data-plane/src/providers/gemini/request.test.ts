import { Fault } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AssistantPart, ChatRequest, UserPart } from "../../chat/chat-request.ts";
import { geminiApi } from "./api.ts";

const plain: ChatRequest = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  stream: false,
  more: { dialect: "openai", members: {} },
};

const hi = { role: "user", parts: [{ text: "Hi" }] };
const weather = {
  type: "function",
  name: "weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
} as const;
const weatherDeclaration = {
  name: "weather",
  parameters: {
    type: "OBJECT",
    properties: { city: { type: "STRING" } },
    required: ["city"],
  },
};
const weatherTools = [{ functionDeclarations: [weatherDeclaration] }];
const cities = {
  type: "json_schema",
  name: "cities",
  schema: { type: "object", properties: { city: { type: "string" } } },
} as const;

interface Row {
  readonly name: string;
  readonly model?: string;
  readonly request: Partial<ChatRequest>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly dropped?: readonly string[];
}

describe("geminiApi.chat.request()", () => {
  it.each<Row>([
    { name: "a question alone", request: {}, body: { contents: [hi] } },
    {
      name: "system and developer messages apart, wherever they stood",
      request: {
        messages: [
          { role: "system", content: [text("Be brief.")] },
          user(text("Hi")),
          { role: "developer", content: [text("Be kind."), text("")] },
        ],
      },
      body: {
        systemInstruction: { parts: [{ text: "Be brief." }, { text: "Be kind." }] },
        contents: [hi],
      },
    },
    {
      name: "a system message alone as the question",
      request: { messages: [{ role: "system", content: [text("Say hi.")] }] },
      body: { contents: [{ role: "user", parts: [{ text: "Say hi." }] }] },
    },
    {
      name: "Gemma's system message as the user's",
      model: "gemma-3-27b-it",
      request: { messages: [{ role: "system", content: [text("Be brief.")] }, user(text("Hi"))] },
      body: { contents: [{ role: "user", parts: [{ text: "Be brief." }, { text: "Hi" }] }] },
    },
    {
      name: "messages of one role in a row as one turn, without what is empty",
      request: {
        messages: [
          user(text("a"), text("")),
          user(text("b")),
          assistant(text("c")),
          assistant(text("")),
          assistant({ type: "refusal", text: "No." }),
          user(text("d")),
        ],
      },
      body: {
        contents: [
          { role: "user", parts: [{ text: "a" }, { text: "b" }] },
          { role: "model", parts: [{ text: "c" }, { text: "No." }] },
          { role: "user", parts: [{ text: "d" }] },
        ],
      },
    },
    {
      name: "media that come along, and text files as text",
      request: {
        messages: [
          user(
            { type: "image", source: { kind: "data", mediaType: "image/png", data: "aQ==" } },
            { type: "audio", mediaType: "audio/wav", data: "YQ==" },
            { type: "file", source: { kind: "data", mediaType: "application/pdf", data: "cA==" } },
            {
              type: "file",
              source: { kind: "text", mediaType: "text/plain", text: "note" },
              context: "from Ann",
            },
          ),
        ],
      },
      body: {
        contents: [
          {
            role: "user",
            parts: [
              { inlineData: { mimeType: "image/png", data: "aQ==" } },
              { inlineData: { mimeType: "audio/wav", data: "YQ==" } },
              { inlineData: { mimeType: "application/pdf", data: "cA==" } },
              { text: "from Ann" },
              { text: "note" },
            ],
          },
        ],
      },
    },
    {
      name: "media that Google reads itself",
      request: {
        messages: [
          user(
            { type: "image", source: { kind: "url", url: "gs://b/cat.webp" } },
            { type: "file", source: { kind: "url", url: "https://youtu.be/abc" } },
            { type: "file", source: { kind: "id", id: "files/x1" } },
            {
              type: "file",
              source: { kind: "url", url: "gs://b/doc", mediaType: "application/pdf" },
            },
          ),
        ],
      },
      body: {
        contents: [
          {
            role: "user",
            parts: [
              { fileData: { fileUri: "gs://b/cat.webp", mimeType: "image/webp" } },
              { fileData: { fileUri: "https://youtu.be/abc", mimeType: "video/mp4" } },
              {
                fileData: {
                  fileUri: "https://generativelanguage.googleapis.com/v1beta/files/x1",
                },
              },
              { fileData: { fileUri: "gs://b/doc", mimeType: "application/pdf" } },
            ],
          },
        ],
      },
    },
    {
      name: "what has no place in a message, left out and told",
      request: {
        messages: [
          {
            role: "user",
            name: "Ann",
            content: [
              { type: "text", text: "Hi", cache: {} },
              {
                type: "image",
                source: { kind: "data", mediaType: "image/png", data: "aQ==" },
                detail: "low",
              },
            ],
          },
        ],
      },
      body: {
        contents: [
          {
            role: "user",
            parts: [{ text: "Hi" }, { inlineData: { mimeType: "image/png", data: "aQ==" } }],
          },
        ],
      },
      dropped: ["messages.name"],
    },
    {
      name: "all results of an answer's calls together, in the order of the calls, by name",
      request: {
        messages: [
          user(text("Hi")),
          assistant(call("c1", "one", '{"a":1}'), call("c2", "two", "")),
          tool("c2", "plain"),
          tool("c1", '{"b":2}'),
        ],
      },
      body: {
        contents: [
          hi,
          {
            role: "model",
            parts: [
              { functionCall: { name: "one", args: { a: 1 } } },
              { functionCall: { name: "two", args: {} } },
            ],
          },
          {
            role: "user",
            parts: [
              { functionResponse: { name: "one", response: { b: 2 } } },
              { functionResponse: { name: "two", response: { output: "plain" } } },
            ],
          },
        ],
      },
    },
    {
      name: "results that are no objects, errors, and what JSON would spoil",
      request: {
        messages: [
          assistant(...["1", "2", "3", "4", "5", "6"].map((id) => call(id, "f", "{}"))),
          tool("1", "[1]"),
          { ...tool("2", "boom"), isError: true },
          tool("3", '{"$ref":"#/a"}'),
          tool("4", '{"id":12345678901234567890}'),
          tool("5", "null"),
          { ...tool("6", '{"code":1}'), isError: true },
        ],
      },
      body: {
        contents: [
          {
            role: "model",
            parts: Array.from({ length: 6 }, () => ({ functionCall: { name: "f", args: {} } })),
          },
          {
            role: "user",
            parts: [
              { output: [1] },
              { error: "boom" },
              { output: '{"$ref":"#/a"}' },
              { output: '{"id":12345678901234567890}' },
              { output: null },
              { error: { code: 1 } },
            ].map((response) => ({ functionResponse: { name: "f", response } })),
          },
        ],
      },
    },
    {
      name: "an image in a tool's result beside it, for models before 3",
      request: { messages: [assistant(call("1", "f", "{}")), toolWithImage("1")] },
      body: {
        contents: [
          { role: "model", parts: [{ functionCall: { name: "f", args: {} } }] },
          {
            role: "user",
            parts: [
              { functionResponse: { name: "f", response: { output: "see" } } },
              { inlineData: { mimeType: "image/png", data: "aQ==" } },
            ],
          },
        ],
      },
    },
    {
      name: "an image in a tool's result within it, and a word for the missing signature, from 3 on",
      model: "gemini-3-flash-preview",
      request: {
        messages: [
          assistant(call("1", "f", "{}"), call("2", "f", "{}")),
          toolWithImage("1"),
          tool("2", "b"),
        ],
      },
      body: {
        contents: [
          {
            role: "model",
            parts: [
              {
                functionCall: { name: "f", args: {} },
                thoughtSignature: "skip_thought_signature_validator",
              },
              { functionCall: { name: "f", args: {} } },
            ],
          },
          {
            role: "user",
            parts: [
              {
                functionResponse: {
                  name: "f",
                  response: { output: "see" },
                  parts: [{ inlineData: { mimeType: "image/png", data: "aQ==" } }],
                },
              },
              { functionResponse: { name: "f", response: { output: "b" } } },
            ],
          },
        ],
      },
    },
    {
      name: "its own signatures and ids, each where it was",
      model: "gemini-3-pro-preview",
      request: {
        messages: [
          assistant(
            { type: "reasoning", text: "hm", signature: gemini("r") },
            { type: "text", text: "Let me see.", signature: gemini("t") },
            { ...call("g1", "f", "{}"), signature: gemini("c") },
            call("g2", "f", "{}"),
          ),
          tool("g1", "a"),
          tool("g2", "b"),
        ],
      },
      body: {
        contents: [
          {
            role: "model",
            parts: [
              { text: "hm", thought: true, thoughtSignature: "r" },
              { text: "Let me see.", thoughtSignature: "t" },
              { functionCall: { id: "g1", name: "f", args: {} }, thoughtSignature: "c" },
              { functionCall: { id: "g2", name: "f", args: {} } },
            ],
          },
          {
            role: "user",
            parts: [
              { functionResponse: { id: "g1", name: "f", response: { output: "a" } } },
              { functionResponse: { id: "g2", name: "f", response: { output: "b" } } },
            ],
          },
        ],
      },
    },
    {
      name: "a call's signature that the dialect could keep only in the thought before",
      model: "gemini-3-pro-preview",
      request: {
        messages: [
          assistant(
            { type: "reasoning", text: "hm", signature: gemini("s") },
            call("call_hg_x_0", "f", "{}"),
          ),
        ],
      },
      body: {
        contents: [
          {
            role: "model",
            parts: [{ functionCall: { name: "f", args: {} }, thoughtSignature: "s" }],
          },
        ],
      },
    },
    {
      name: "a signature that came by itself",
      request: {
        messages: [assistant({ type: "reasoning", text: "", signature: gemini("s") })],
      },
      body: { contents: [{ role: "model", parts: [{ text: "", thoughtSignature: "s" }] }] },
    },
    {
      name: "nothing of what other models thought, nor their ids",
      request: {
        messages: [
          assistant(
            { type: "reasoning", text: "hm", signature: { vendor: "anthropic", value: "x" } },
            { type: "redacted-reasoning", data: { vendor: "anthropic", value: "y" } },
            { type: "reasoning", text: "unsigned" },
            text("So:"),
            { ...call("toolu_1", "f", "{}"), signature: { vendor: "openai", value: "z" } },
            { type: "opaque", dialect: "anthropic", value: { type: "server_tool_use" } },
          ),
        ],
      },
      body: {
        contents: [
          { role: "model", parts: [{ text: "So:" }, { functionCall: { name: "f", args: {} } }] },
        ],
      },
      dropped: ["messages.content"],
    },
    {
      name: "its own other parts as they were",
      request: {
        messages: [
          assistant({
            type: "opaque",
            dialect: "gemini",
            value: { executableCode: { code: "1" } },
          }),
        ],
      },
      body: { contents: [{ role: "model", parts: [{ executableCode: { code: "1" } }] }] },
    },
    {
      name: "arguments that are no JSON object, readable",
      request: { messages: [assistant(call("1", "f", "{oops"), call("2", "f", "null"))] },
      body: {
        contents: [
          {
            role: "model",
            parts: [
              { functionCall: { name: "f", args: { invalid_arguments: "{oops" } } },
              { functionCall: { name: "f", args: {} } },
            ],
          },
        ],
      },
    },
    {
      name: "tools, one without parameters",
      request: {
        tools: [
          { ...weather, description: "Now" },
          { type: "function", name: "now", parameters: { type: "object", properties: {} } },
          { type: "function", name: "bare" },
        ],
      },
      body: {
        contents: [hi],
        tools: [
          {
            functionDeclarations: [
              { ...weatherDeclaration, description: "Now" },
              { name: "now" },
              { name: "bare" },
            ],
          },
        ],
      },
    },
    {
      name: "a map, which only JSON Schema can say, to models that take it",
      request: { tools: [mapTool] },
      body: {
        contents: [hi],
        tools: [
          {
            functionDeclarations: [
              {
                name: "put",
                parametersJsonSchema: {
                  type: "object",
                  properties: {
                    labels: { type: "object", additionalProperties: { type: "string" } },
                  },
                },
              },
            ],
          },
        ],
      },
    },
    {
      name: "a map as a plain object to models that don't",
      model: "gemini-2.0-flash",
      request: { tools: [mapTool] },
      body: {
        contents: [hi],
        tools: [
          {
            functionDeclarations: [
              {
                name: "put",
                parameters: { type: "OBJECT", properties: { labels: { type: "OBJECT" } } },
              },
            ],
          },
        ],
      },
    },
    {
      name: "tools of Google's own as written, of others' not, and what tools have besides",
      request: {
        tools: [
          { ...weather, strict: true, cache: {}, more: { dialect: "openai", members: { x: 1 } } },
          { type: "opaque", dialect: "gemini", value: { googleSearch: {} } },
          { type: "opaque", dialect: "anthropic", value: { type: "web_search_20250305" } },
        ],
      },
      body: {
        contents: [hi],
        tools: [{ functionDeclarations: [weatherDeclaration] }, { googleSearch: {} }],
      },
      dropped: ["tools", "tools.strict", "tools.x"],
    },
    {
      name: "no choice of tools without tools",
      request: { toolChoice: { type: "none" } },
      body: { contents: [hi] },
    },
    ...(
      [
        [{ type: "auto" }, { mode: "AUTO" }],
        [{ type: "none" }, { mode: "NONE" }],
        [{ type: "required" }, { mode: "ANY" }],
        [
          { type: "function", name: "weather" },
          { mode: "ANY", allowedFunctionNames: ["weather"] },
        ],
        [
          { type: "allowed", mode: "required", names: ["weather"] },
          { mode: "ANY", allowedFunctionNames: ["weather"] },
        ],
      ] as const
    ).map(
      ([toolChoice, functionCallingConfig]): Row => ({
        name: `tool choice ${JSON.stringify(toolChoice)}`,
        request: { tools: [weather], toolChoice },
        body: { contents: [hi], tools: weatherTools, toolConfig: { functionCallingConfig } },
      }),
    ),
    {
      name: "only the tools that are allowed, where none is required",
      request: {
        tools: [weather, { type: "function", name: "now" }],
        toolChoice: { type: "allowed", mode: "auto", names: ["weather"] },
      },
      body: {
        contents: [hi],
        tools: weatherTools,
        toolConfig: { functionCallingConfig: { mode: "AUTO" } },
      },
    },
    {
      name: "every number as it is",
      request: {
        maxOutputTokens: 9,
        temperature: 0,
        topP: 0.5,
        topK: 3,
        stop: ["a"],
        seed: 7,
        choices: 2,
        frequencyPenalty: -1,
        presencePenalty: 0,
        logprobs: { top: 4 },
      },
      body: {
        contents: [hi],
        generationConfig: {
          maxOutputTokens: 9,
          temperature: 0,
          topP: 0.5,
          topK: 3,
          stopSequences: ["a"],
          seed: 7,
          candidateCount: 2,
          frequencyPenalty: -1,
          presencePenalty: 0,
          responseLogprobs: true,
          logprobs: 4,
        },
      },
    },
    {
      name: "one choice as nothing, log probabilities without alternatives, a seed of 32 bits",
      request: { choices: 1, logprobs: { top: 0 }, seed: 2 ** 32 + 5 },
      body: { contents: [hi], generationConfig: { responseLogprobs: true, seed: 5 } },
    },
    {
      name: "the first five stop sequences",
      request: { stop: ["1", "2", "3", "4", "5", "6"] },
      body: { contents: [hi], generationConfig: { stopSequences: ["1", "2", "3", "4", "5"] } },
      dropped: ["stop"],
    },
    {
      name: "without what Gemini has nothing like",
      request: { tools: [weather], parallelToolCalls: false, logitBias: { 1: 2 } },
      body: {
        contents: [hi],
        tools: [{ functionDeclarations: [weatherDeclaration] }],
      },
      dropped: ["logit_bias", "parallel_tool_calls"],
    },
    {
      name: "without a word where what is asked is what it does anyway",
      request: { parallelToolCalls: true, format: { type: "text" } },
      body: { contents: [hi] },
    },
    {
      name: "any JSON",
      request: { format: { type: "json" } },
      body: { contents: [hi], generationConfig: { responseMimeType: "application/json" } },
    },
    {
      name: "JSON of a schema",
      request: { format: { ...cities, description: "Where" } },
      body: {
        contents: [hi],
        generationConfig: {
          responseMimeType: "application/json",
          responseSchema: {
            type: "OBJECT",
            description: "Where",
            properties: { city: { type: "STRING" } },
          },
        },
      },
    },
    {
      name: "JSON of a schema beside tools, in words before 3",
      request: { tools: [weather], format: cities },
      body: {
        contents: [hi],
        tools: weatherTools,
        systemInstruction: {
          parts: [{ text: expect.stringContaining('{"type":"object","properties":{"city"') }],
        },
      },
    },
    {
      name: "JSON of a schema beside tools, from 3 on",
      model: "gemini-3-flash-preview",
      request: { tools: [weather], format: cities },
      body: {
        contents: [hi],
        tools: weatherTools,
        generationConfig: {
          responseMimeType: "application/json",
          responseSchema: { type: "OBJECT", properties: { city: { type: "STRING" } } },
        },
      },
    },
    ...(
      [
        ["gemini-2.5-flash", { effort: "none" }, { thinkingBudget: 0 }],
        ["gemini-2.5-pro", { effort: "none" }, { thinkingBudget: 128 }],
        ["gemini-2.5-flash", { effort: "low" }, { thinkingBudget: 1024 }],
        ["gemini-2.5-flash", { effort: "medium" }, { thinkingBudget: 8192 }],
        ["gemini-2.5-flash", { effort: "xhigh" }, { thinkingBudget: 24576 }],
        ["gemini-2.5-pro", { effort: "max" }, { thinkingBudget: 32768 }],
        ["gemini-2.5-flash", { budgetTokens: 5000, effort: "low" }, { thinkingBudget: 5000 }],
        ["gemini-2.5-flash-lite", { budgetTokens: 100 }, { thinkingBudget: 512 }],
        [
          "models/gemini-2.5-flash",
          { adaptive: true, shown: true },
          { thinkingBudget: -1, includeThoughts: true },
        ],
        ["gemini-3-pro-preview", { effort: "none" }, { thinkingLevel: "LOW" }],
        ["gemini-3-pro-preview", { effort: "medium" }, { thinkingLevel: "HIGH" }],
        ["gemini-3.1-pro-preview", { effort: "medium" }, { thinkingLevel: "MEDIUM" }],
        ["gemini-3.5-flash", { effort: "none" }, { thinkingLevel: "MINIMAL" }],
        ["gemini-flash-latest", { effort: "high" }, { thinkingLevel: "HIGH" }],
        ["gemini-3.5-flash", { budgetTokens: 4000 }, { thinkingLevel: "MEDIUM" }],
        ["gemini-3.5-flash", { adaptive: true, shown: false }, { includeThoughts: false }],
        ["gemini-3-pro-image-preview", { effort: "low", shown: true }, { includeThoughts: true }],
      ] as const
    ).map(
      ([model, reasoning, thinkingConfig]): Row => ({
        name: `${model} thinking ${JSON.stringify(reasoning)}`,
        model,
        request: { reasoning },
        body: { contents: [hi], generationConfig: { thinkingConfig } },
      }),
    ),
    {
      name: "no thinking of a model that cannot",
      model: "gemini-2.0-flash",
      request: { reasoning: { effort: "low" } },
      body: { contents: [hi] },
      dropped: ["reasoning_effort"],
    },
    {
      name: "no word about thinking that is not to be, to a model that cannot",
      model: "gemini-2.0-flash",
      request: { reasoning: { effort: "none" } },
      body: { contents: [hi] },
    },
    {
      name: "Google's own options, as its OpenAI-compatible API has them",
      request: {
        reasoning: { effort: "low", shown: true },
        more: {
          dialect: "openai",
          members: {
            stream_options: { include_usage: true },
            metadata: {},
            extra_body: {
              google: {
                cached_content: "cachedContents/1",
                safety_settings: [{ category: "C", threshold: "BLOCK_NONE" }],
                thinking_config: { thinking_level: "high" },
                tools: [{ google_search: {} }],
                media_resolution: "MEDIA_RESOLUTION_LOW",
                thought_tag_marker: "think",
              },
              other: 1,
            },
          },
        },
      },
      body: {
        contents: [hi],
        tools: [{ google_search: {} }],
        cachedContent: "cachedContents/1",
        safetySettings: [{ category: "C", threshold: "BLOCK_NONE" }],
        generationConfig: {
          mediaResolution: "MEDIA_RESOLUTION_LOW",
          thinkingConfig: { includeThoughts: true, thinkingLevel: "high" },
        },
      },
      dropped: ["extra_body.other", "extra_body.google.thought_tag_marker"],
    },
  ])("asks $name", ({ model = "gemini-2.5-flash", request, body, dropped = [] }) => {
    const asked = geminiApi.chat.request({ ...plain, ...request }, target(model));
    expect(asked.body).toEqual(body);
    expect(asked.dropped).toEqual(dropped);
  });

  it.each([
    ["gemini-2.5-flash", false, "/v1beta/models/gemini-2.5-flash:generateContent"],
    ["models/gemini-2.5-pro", true, "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"],
    ["tunedModels/my-1", false, "/v1beta/tunedModels/my-1:generateContent"],
    ["a:b c?d", false, "/v1beta/models/a%3Ab%20c%3Fd:generateContent"],
  ])("asks %s at its own path", (model, stream, path) => {
    expect(geminiApi.chat.request({ ...plain, stream }, target(model)).path).toBe(path);
  });

  it.each<{ name: string; model?: string; request: Partial<ChatRequest>; message: RegExp }>([
    {
      name: "a result of an unknown call",
      request: { messages: [tool("nope", "x")] },
      message: /"nope" follows no call/,
    },
    {
      name: "a file stored elsewhere",
      request: { messages: [user({ type: "file", source: { kind: "id", id: "file-abc" } })] },
      message: /"file-abc" is not stored at Google/,
    },
    {
      name: "content of another vendor's kind",
      request: {
        messages: [user({ type: "opaque", dialect: "openai", value: { type: "video_url" } })],
      },
      message: /"video_url"/,
    },
    { name: "a model that is a way out", model: "../x", request: {}, message: /"models\/..\/x"/ },
  ])("refuses $name", ({ model = "gemini-2.5-flash", request, message }) => {
    const ask = () => geminiApi.chat.request({ ...plain, ...request }, target(model));
    expect(ask).toThrow(message);
    expect(ask).toThrow(expect.objectContaining({ code: "unsupported_value" }));
  });

  it("takes turns, never empty ones, whatever the conversation", () => {
    const parts = fc.constantFrom("", "x");
    const message = fc.oneof(
      parts.map((said) => user(text(said))),
      parts.map((said) => assistant(text(said), call("c", "f", said))),
      parts.map((said) => ({ role: "system" as const, content: [text(said)] })),
      parts.map((said) => tool("c", said)),
    );
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const { contents } = bodyOf(messages);
        for (const [at, { role, parts }] of contents.entries()) {
          expect(parts.length).toBeGreaterThan(0);
          expect(role).not.toBe(contents[at - 1]?.role);
        }
        expect(contents.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe("geminiApi.chat.mustFetch()", () => {
  it.each([
    ["https://example.com/cat.png", true],
    ["http://example.com/cat.png", true],
    ["https://evil.example/?https://youtu.be/x", true],
    ["https://generativelanguage.googleapis.com.evil.example/v1beta/files/x", true],
    ["https://evil.example/generativelanguage.googleapis.com/v1beta/files/x", true],
    ["https://x.example/https://generativelanguage.googleapis.com/v1beta/files/x", true],
    ["gs://bucket/cat.png", false],
    ["https://generativelanguage.googleapis.com/v1beta/files/abc-1", false],
    ["https://www.youtube.com/watch?v=abc", false],
    ["https://youtu.be/abc?t=1", false],
  ])("of %s is %s", (url, expected) => {
    expect(
      geminiApi.chat.mustFetch({ type: "file", source: { kind: "url", url } }, target("m")),
    ).toBe(expected);
  });

  it("is false for what came along", () => {
    const source = { kind: "data", mediaType: "image/png", data: "" } as const;
    expect(geminiApi.chat.mustFetch({ type: "image", source }, target("m"))).toBe(false);
  });
});

function bodyOf(messages: ChatRequest["messages"]) {
  // An orphaned result is refused: not what this is about.
  try {
    const { body } = geminiApi.chat.request({ ...plain, messages }, target("gemini-3-pro"));
    return body as { contents: { role: string; parts: unknown[] }[] };
  } catch (reason) {
    if (!(reason instanceof Fault)) throw reason;
    return { contents: [{ role: "user", parts: [{}] }] };
  }
}

function target(model: string) {
  return { model, basePath: "/v1beta", apiVersion: "", keepAlive: "", project: "", location: "" };
}

const mapTool = {
  type: "function",
  name: "put",
  parameters: {
    type: "object",
    properties: { labels: { $ref: "#/$defs/Labels" } },
    $defs: { Labels: { type: "object", additionalProperties: { type: "string" } } },
  },
} as const;

function text(said: string) {
  return { type: "text", text: said } as const;
}

function user(...content: UserPart[]) {
  return { role: "user", content } as const;
}

function assistant(...content: AssistantPart[]) {
  return { role: "assistant", content } as const;
}

function call(id: string, name: string, args: string) {
  return { type: "tool-call", id, name, arguments: args } as const;
}

function tool(callId: string, said: string) {
  return { role: "tool", callId, content: [text(said)] } as const;
}

function toolWithImage(callId: string) {
  const image = {
    type: "image",
    source: { kind: "data", mediaType: "image/png", data: "aQ==" },
  } as const;
  return { role: "tool", callId, content: [text("see"), image] } as const;
}

function gemini(value: string) {
  return { vendor: "gemini", value } as const;
}
