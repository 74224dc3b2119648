import { Fault } from "@headgate/core";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { describe, expect, it } from "vitest";
import type { ChatMessage, ChatRequest } from "../../chat/chat-request.ts";
import { openAiChatDialect } from "../../dialects/openai-chat/dialect.ts";
import type { Target } from "../provider-api.ts";
import { azureApi, azurePath, openAiApi, openAiCompatibleApi } from "./api.ts";
import { messageWaitMs } from "./classify-error.ts";

const target: Target = {
  model: "m",
  basePath: "/v1",
  apiVersion: "",
  keepAlive: "",
  project: "",
  location: "",
};
const hello = [{ role: "user", content: "hi" }];
const tool = {
  type: "function",
  function: { name: "f", description: "d", parameters: { type: "object" }, strict: true },
};
const call = (args: string) => ({
  id: "c1",
  type: "function",
  function: { name: "f", arguments: args },
});
const turn = (message: object, results: readonly object[] = [result("ok")]) => [
  ...hello,
  { role: "assistant", content: null, tool_calls: [call("{}")], ...message },
  ...results,
];
const schema = { name: "n", description: "d", schema: { type: "object" }, strict: true };

function result(content: unknown): object {
  return { role: "tool", tool_call_id: "c1", content };
}

function read(body: object): ChatRequest {
  return openAiChatDialect.readRequest({ model: "x", messages: hello, ...body });
}

describe("a chat request, read and written for OpenAI", () => {
  /** `sent` only where it is not what the client wrote. */
  const rows: readonly { name: string; body: object; sent?: object }[] = [
    { name: "the least", body: {} },
    {
      name: "system and developer",
      body: {
        messages: [
          { role: "system", content: "s" },
          { role: "developer", content: "d", name: "n" },
          ...hello,
        ],
      },
    },
    {
      name: "system in parts",
      body: {
        messages: [
          {
            role: "system",
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
          ...hello,
        ],
      },
    },
    {
      name: "names",
      body: {
        messages: [
          { role: "user", content: "hi", name: "bob" },
          { role: "assistant", content: "yo", name: "al" },
        ],
      },
    },
    {
      name: "an image by its address",
      body: {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "see" },
              { type: "image_url", image_url: { url: "https://a.b/c.png", detail: "low" } },
            ],
          },
        ],
      },
    },
    {
      name: "an image as data",
      body: {
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }],
          },
        ],
      },
    },
    {
      name: "an image whose address stands in the object's place",
      body: {
        messages: [
          { role: "user", content: [{ type: "image_url", image_url: "https://a.b/c.png" }] },
        ],
      },
      sent: {
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "https://a.b/c.png" } }],
          },
        ],
      },
    },
    {
      name: "sound",
      body: {
        messages: [
          {
            role: "user",
            content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } }],
          },
        ],
      },
    },
    {
      name: "sound of another kind",
      body: {
        messages: [
          {
            role: "user",
            content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }],
          },
        ],
      },
    },
    {
      name: "a file as data",
      body: {
        messages: [
          {
            role: "user",
            content: [
              {
                type: "file",
                file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" },
              },
            ],
          },
        ],
      },
    },
    {
      name: "a file by its id",
      body: {
        messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }],
      },
    },
    {
      name: "a file without the head of a data URL",
      body: {
        messages: [
          {
            role: "user",
            content: [{ type: "file", file: { filename: "a.pdf", file_data: "AAAA" } }],
          },
        ],
      },
      sent: {
        messages: [
          {
            role: "user",
            content: [
              {
                type: "file",
                file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" },
              },
            ],
          },
        ],
      },
    },
    {
      name: "a part no one knows",
      body: {
        messages: [
          {
            role: "user",
            content: [{ type: "video_url", video_url: { url: "https://a.b/c.mp4" } }],
          },
        ],
      },
    },
    {
      name: "several texts of an assistant",
      body: {
        messages: [
          ...hello,
          {
            role: "assistant",
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
        ],
      },
    },
    {
      name: "a refusal",
      body: { messages: [...hello, { role: "assistant", content: null, refusal: "no" }] },
    },
    {
      name: "a refusal among the parts",
      body: {
        messages: [...hello, { role: "assistant", content: [{ type: "refusal", refusal: "no" }] }],
      },
      sent: { messages: [...hello, { role: "assistant", content: null, refusal: "no" }] },
    },
    { name: "a tool's call and result", body: { messages: turn({}) } },
    { name: "text beside a tool's call", body: { messages: turn({ content: "wait" }) } },
    {
      name: "a result in parts",
      body: {
        messages: turn({}, [
          result([
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ]),
        ]),
      },
    },
    {
      name: "a call without arguments",
      body: { messages: turn({ tool_calls: [call("")] }) },
      sent: { messages: turn({}) },
    },
    {
      name: "a custom tool's call",
      body: {
        messages: turn({
          tool_calls: [{ id: "c1", type: "custom", custom: { name: "g", input: "x" } }],
        }),
      },
    },
    {
      name: "an earlier answer in sound",
      body: {
        messages: [
          ...hello,
          { role: "assistant", content: null, audio: { id: "audio_1" } },
          ...hello,
        ],
      },
    },
    {
      name: "legacy functions",
      body: {
        functions: [tool.function],
        function_call: { name: "f" },
        messages: [
          ...hello,
          { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
          { role: "function", name: "f", content: "ok" },
        ],
      },
      sent: {
        tools: [tool],
        tool_choice: { type: "function", function: { name: "f" } },
        functions: undefined,
        function_call: undefined,
        messages: [
          ...hello,
          {
            role: "assistant",
            content: null,
            tool_calls: [{ ...call("{}"), id: "call_function_f" }],
          },
          { role: "tool", tool_call_id: "call_function_f", content: "ok" },
        ],
      },
    },
    {
      name: "thoughts, which OpenAI takes none of",
      body: {
        messages: [
          ...hello,
          {
            role: "assistant",
            content: "a",
            reasoning_content: "hm",
            reasoning_details: [
              { type: "reasoning.text", text: "hm", signature: "s", vendor: "anthropic" },
            ],
          },
        ],
      },
      sent: { messages: [...hello, { role: "assistant", content: "a" }] },
    },
    { name: "tools", body: { tools: [tool], tool_choice: "required", parallel_tool_calls: false } },
    {
      name: "one tool",
      body: { tools: [tool], tool_choice: { type: "function", function: { name: "f" } } },
    },
    {
      name: "some tools",
      body: {
        tools: [tool],
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] },
        },
      },
    },
    {
      name: "a custom tool",
      body: {
        tools: [{ type: "custom", custom: { name: "g" } }],
        tool_choice: { type: "custom", custom: { name: "g" } },
      },
    },
    {
      name: "a choice without tools",
      body: { tool_choice: "auto", parallel_tool_calls: true },
      sent: { tool_choice: undefined, parallel_tool_calls: undefined },
    },
    {
      name: "a tool without parameters",
      body: { tools: [{ type: "function", function: { name: "f" } }] },
    },
    {
      name: "marks of what to cache",
      body: { tools: [{ ...tool, cache_control: { type: "ephemeral" } }] },
      sent: { tools: [tool] },
    },
    { name: "text", body: { response_format: { type: "text" } } },
    { name: "JSON", body: { response_format: { type: "json_object" } } },
    {
      name: "JSON by a schema",
      body: { response_format: { type: "json_schema", json_schema: schema } },
    },
    {
      name: "a format of someone's own",
      body: { response_format: { type: "grammar", grammar: "g" } },
    },
    { name: "effort", body: { reasoning_effort: "minimal" } },
    { name: "no effort", body: { reasoning_effort: "none" } },
    {
      name: "a budget of thoughts",
      body: { thinking: { type: "enabled", budget_tokens: 2048 } },
      sent: { thinking: undefined, reasoning_effort: "low" },
    },
    {
      name: "OpenRouter's reasoning",
      body: { reasoning: { effort: "high" } },
      sent: { reasoning: undefined, reasoning_effort: "high" },
    },
    {
      name: "the larger of two bounds",
      body: { max_tokens: 5, max_completion_tokens: 9 },
      sent: { max_tokens: undefined, max_completion_tokens: 9 },
    },
    {
      name: "the old name of the bound",
      body: { max_tokens: 5 },
      sent: { max_tokens: undefined, max_completion_tokens: 5 },
    },
    {
      name: "sampling",
      body: {
        temperature: 0,
        top_p: 0.5,
        seed: 7,
        n: 2,
        frequency_penalty: 1,
        presence_penalty: -1,
      },
    },
    { name: "one stop sequence", body: { stop: "x" }, sent: { stop: ["x"] } },
    { name: "stop sequences", body: { stop: ["x", "y"] } },
    {
      name: "log probabilities",
      body: { logprobs: true, top_logprobs: 3, logit_bias: { "50256": -100 } },
    },
    { name: "no log probabilities", body: { logprobs: false }, sent: { logprobs: undefined } },
    { name: "the user", body: { user: "u" } },
    { name: "the user and who is safe", body: { user: "u", safety_identifier: "s" } },
    { name: "top_k", body: { top_k: 5 }, sent: { top_k: undefined } },
    {
      name: "all that has no common form",
      body: {
        metadata: { a: "b" },
        store: true,
        service_tier: "flex",
        prediction: { type: "content", content: "x" },
        modalities: ["text", "audio"],
        audio: { voice: "alloy", format: "wav" },
        verbosity: "low",
        web_search_options: {},
        prompt_cache_key: "k",
      },
    },
    {
      name: "null",
      body: { stop: null, tools: null, temperature: null, metadata: null, response_format: null },
      sent: {
        stop: undefined,
        tools: undefined,
        temperature: undefined,
        metadata: undefined,
        response_format: undefined,
      },
    },
    { name: "a stream", body: { stream: true }, sent: { stream_options: { include_usage: true } } },
    {
      name: "a stream's options",
      body: { stream: true, stream_options: { include_usage: false, include_obfuscation: false } },
      sent: { stream_options: { include_usage: true, include_obfuscation: false } },
    },
  ];

  it.each(rows)("says the same: $name", ({ body, sent }) => {
    const written = openAiApi.chat.request(read(body), target);
    const expected = { model: "m", messages: hello, ...body, ...sent };
    expect(written.body).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(written.path).toBe("/v1/chat/completions");
    expect(written.dropped).toEqual("top_k" in body ? ["top_k"] : []);
  });

  it("says to other servers what they take", () => {
    const body = {
      messages: [{ role: "developer", content: "d" }, ...hello],
      tools: [tool, { ...tool, function: { ...tool.function, name: "g" } }],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "f" } }] },
      },
      max_completion_tokens: 9,
      top_k: 5,
      thinking: { type: "enabled", budget_tokens: 2048 },
      min_p: 0.1,
    };
    expect(openAiCompatibleApi.chat.request(read(body), target)).toEqual({
      path: "/v1/chat/completions",
      dropped: [],
      body: {
        model: "m",
        messages: [{ role: "system", content: "d" }, ...hello],
        tools: [tool],
        tool_choice: "required",
        max_tokens: 9,
        top_k: 5,
        thinking: { type: "enabled", budget_tokens: 2048 },
        min_p: 0.1,
      },
    });
  });
});

describe("a request of another dialect, written for OpenAI", () => {
  const base: ChatRequest = {
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    tools: [],
    stream: false,
    more: { dialect: "anthropic", members: {} },
  };
  const messagesOf = (messages: readonly ChatMessage[]) =>
    openAiApi.chat.request({ ...base, messages }, target).body["messages"];
  const image = {
    type: "image",
    source: { kind: "data", mediaType: "image/png", data: "AAAA" },
  } as const;

  it("moves what is no text behind all results of the turn", () => {
    expect(
      messagesOf([
        { role: "tool", callId: "a", content: [image] },
        { role: "tool", callId: "b", content: [{ type: "text", text: "ok" }], isError: false },
        { role: "user", content: [{ type: "text", text: "go on" }] },
      ]),
    ).toEqual([
      {
        role: "tool",
        tool_call_id: "a",
        content: "The result is in the next message of the user.",
      },
      { role: "tool", tool_call_id: "b", content: "ok" },
      {
        role: "user",
        content: [
          { type: "text", text: "Result of the tool call a:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
      { role: "user", content: "go on" },
    ]);
  });

  it("says of a tool that failed that it did", () => {
    const content = [{ type: "text", text: "no such city" }] as const;
    expect(messagesOf([{ role: "tool", callId: "a", content, isError: true }])).toEqual([
      { role: "tool", tool_call_id: "a", content: "Error: no such city" },
    ]);
  });

  it("shortens ids that are too long, the same ones to the same", () => {
    const id = "x".repeat(41);
    const written = JSON.stringify(
      messagesOf([
        { role: "assistant", content: [{ type: "tool-call", id, name: "f", arguments: "" }] },
        { role: "tool", callId: id, content: [] },
      ]),
    );
    const ids = [...written.matchAll(/call_[0-9a-f]{32}/g)].map(([found]) => found);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    {
      name: "a text",
      source: { kind: "text", mediaType: "text/plain", text: "abc" },
      part: { type: "text", text: "a.txt:\n\nabc" },
    },
    {
      name: "a text as data",
      source: { kind: "data", mediaType: "text/csv", data: "YWJj" },
      part: { type: "text", text: "a.txt:\n\nabc" },
    },
    {
      name: "a PDF",
      source: { kind: "data", mediaType: "application/pdf", data: "AAAA" },
      part: {
        type: "file",
        file: { filename: "a.txt", file_data: "data:application/pdf;base64,AAAA" },
      },
    },
  ] as const)("sends a document: $name", ({ source, part }) => {
    const file = { type: "file", source, filename: "a.txt", context: "about" } as const;
    expect(messagesOf([{ role: "user", content: [file] }])).toEqual([
      { role: "user", content: [{ type: "text", text: "about" }, part] },
    ]);
  });

  it("sends a file that is an image as one", () => {
    const source = { kind: "data", mediaType: "image/png", data: "AAAA" } as const;
    const content = [{ type: "file", source, filename: "a.png" }] as const;
    expect(messagesOf([{ role: "user", content }])).toEqual([
      {
        role: "user",
        content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }],
      },
    ]);
  });

  it.each([
    { type: "file", url: "https://x/a.pdf", fetched: true },
    { type: "file", url: "https://x/download?id=1", fetched: true },
    { type: "image", url: "https://x/a.png", fetched: false },
    { type: "image", url: "https://x/render.html", fetched: false },
  ] as const)("has $type $url fetched: $fetched", ({ type, url, fetched }) => {
    const media = { type, source: { kind: "url", url } } as const;
    expect(openAiApi.chat.mustFetch(media, target)).toBe(fetched);
  });

  it.each([
    {
      name: "a file that was not fetched",
      part: { type: "file", source: { kind: "url", url: "https://a.b/c.pdf" } },
    },
    { name: "an image by its id", part: { type: "image", source: { kind: "id", id: "file-1" } } },
  ] as const)("refuses $name", ({ part }) => {
    expect(() => messagesOf([{ role: "user", content: [part] }])).toThrow(Fault);
  });

  it.each([
    { name: "a small budget", reasoning: { budgetTokens: 1024 }, effort: "low" },
    { name: "a middling budget", reasoning: { budgetTokens: 10_000 }, effort: "medium" },
    { name: "a large budget", reasoning: { budgetTokens: 32_000 }, effort: "high" },
    { name: "Anthropic's most", reasoning: { effort: "max" }, effort: "xhigh" },
    {
      name: "no thoughts, as Anthropic's clients say it",
      reasoning: { effort: "none" },
      effort: undefined,
    },
    { name: "as the model decides", reasoning: { adaptive: true }, effort: undefined },
  ] as const)("says how much to think: $name", ({ reasoning, effort }) => {
    const { body } = openAiApi.chat.request({ ...base, reasoning }, target);
    expect(body["reasoning_effort"]).toBe(effort);
  });

  it("names what it leaves out", () => {
    const request: ChatRequest = {
      ...base,
      topK: 3,
      tools: [{ type: "opaque", dialect: "anthropic", value: { type: "web_search_20250305" } }],
      toolChoice: { type: "auto" },
      more: { dialect: "anthropic", members: { container: "c" } },
    };
    const { body, dropped } = openAiApi.chat.request(request, target);
    expect(dropped).toEqual(["tools", "top_k", "container"]);
    expect(body).toEqual({ model: "m", messages: [{ role: "user", content: "hi" }] });
  });

  it("says what the Responses API has in common with chat", () => {
    const members = {
      text: { verbosity: "low" },
      store: false,
      metadata: { a: "b" },
      include: ["x"],
    };
    const { body, dropped } = openAiApi.chat.request(
      { ...base, more: { dialect: "responses", members } },
      target,
    );
    expect(body).toMatchObject({ verbosity: "low", store: false, metadata: { a: "b" } });
    expect(dropped).toEqual(["include"]);
  });
});

describe("Azure", () => {
  const azure = { ...target, basePath: "", model: "my gpt", apiVersion: "2024-10-21" };
  it.each([
    {
      name: "a deployment",
      target: azure,
      endpoint: "chat_completions",
      path: "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
    },
    {
      name: "embeddings",
      target: azure,
      endpoint: "embeddings",
      path: "/openai/deployments/my%20gpt/embeddings?api-version=2024-10-21",
    },
    { name: "responses", target: azure, endpoint: "responses", path: "/openai/v1/responses" },
    {
      name: "the v1 API",
      target: { ...azure, apiVersion: "v1" },
      endpoint: "chat_completions",
      path: "/openai/v1/chat/completions",
    },
    {
      name: "a base with more of the path",
      target: { ...azure, basePath: "/x/openai/v1", apiVersion: "v1" },
      endpoint: "embeddings",
      path: "/x/openai/v1/embeddings",
    },
  ] as const)("has a path for $name", ({ target: at, endpoint, path }) => {
    expect(azurePath(endpoint, at)).toBe(path);
  });

  it("names the model in the path, or in the body, not in both", () => {
    expect(azureApi.chat.request(read({}), azure).body).not.toHaveProperty("model");
    const v1 = azureApi.chat.request(read({}), { ...azure, apiVersion: "v1" });
    expect(v1).toMatchObject({ path: "/openai/v1/chat/completions", body: { model: "my gpt" } });
  });
});

describe("what is wrong with a request", () => {
  const part = (value: object) => ({ messages: [{ role: "user", content: [value] }] });
  it.each([
    {
      name: "no messages",
      body: { messages: undefined },
      param: "messages",
      code: "missing_required_parameter",
    },
    {
      name: "an empty list of them",
      body: { messages: [] },
      param: "messages",
      code: "invalid_value",
    },
    {
      name: "a text in their place",
      body: { messages: "hi" },
      param: "messages",
      code: "invalid_type",
    },
    {
      name: "no role",
      body: { messages: [{ content: "x" }] },
      param: "messages[0].role",
      code: "missing_required_parameter",
    },
    {
      name: "another role",
      body: { messages: [...hello, { role: "bot", content: "x" }] },
      param: "messages[1].role",
      code: "invalid_value",
    },
    {
      name: "a number as content",
      body: { messages: [{ role: "user", content: 1 }] },
      param: "messages[0].content",
      code: "invalid_type",
    },
    {
      name: "no content",
      body: { messages: [{ role: "user" }] },
      param: "messages[0].content",
      code: "missing_required_parameter",
    },
    {
      name: "an image without an address",
      body: part({ type: "image_url", image_url: {} }),
      param: "messages[0].content[0].image_url.url",
      code: "missing_required_parameter",
    },
    {
      name: "an address that is none",
      body: part({ type: "image_url", image_url: { url: "c.png" } }),
      param: "messages[0].content[0].image_url.url",
      code: "invalid_value",
    },
    {
      name: "a result of no call",
      body: { messages: [{ role: "tool", content: "x" }] },
      param: "messages[0].tool_call_id",
      code: "missing_required_parameter",
    },
    {
      name: "a call without a name",
      body: { messages: turn({ tool_calls: [{ id: "c", type: "function", function: {} }] }) },
      param: "messages[1].tool_calls[0].function.name",
      code: "missing_required_parameter",
    },
    {
      name: "a tool without a name",
      body: { tools: [{ type: "function", function: {} }] },
      param: "tools[0].function.name",
      code: "missing_required_parameter",
    },
    {
      name: "a choice no one knows",
      body: { tool_choice: "maybe" },
      param: "tool_choice",
      code: "invalid_value",
    },
    {
      name: "an effort no one knows",
      body: { reasoning_effort: "lots" },
      param: "reasoning_effort",
      code: "invalid_value",
    },
    {
      name: "a text as temperature",
      body: { temperature: "1" },
      param: "temperature",
      code: "invalid_type",
    },
    {
      name: "a number among stop sequences",
      body: { stop: ["a", 1] },
      param: "stop[1]",
      code: "invalid_type",
    },
  ])("names it: $name", ({ body, param, code }) => {
    let fault: unknown;
    try {
      read(body);
    } catch (reason) {
      fault = reason;
    }
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ param, code });
  });
});

describe("messageWaitMs()", () => {
  it.each([
    ["Please try again in 6ms.", 6],
    ["Please try again in 2.088s. Visit", 2088],
    ["Please try again in 1m2.5s.", 62_500],
    ["Please try again in 114h18m0s.", 411_480_000],
    ["Please retry after 20 seconds.", 20_000],
    ["Please try again later.", undefined],
  ])("reads %s", (message, ms) => {
    expect(messageWaitMs(message)).toBe(ms);
  });
});

describeExchanges("recorded chat requests, read and written for OpenAI", (exchanges) => {
  const recorded = exchanges
    .list({
      kinds: ["chat"],
      where: ({ request, response }) => request !== null && response.status === 200,
    })
    .filter(({ provider }) => !["cohere", "vertex"].includes(provider));

  it.each(recorded)("loses nothing of $name", ({ request }) => {
    const body = request?.body;
    if (typeof body !== "object" || body === null || !("messages" in body)) return;
    const asked = openAiChatDialect.readRequest({ ...body });
    // What a tool's result has beside text is moved.
    const moved = asked.messages.some(
      ({ role, content }) => role === "tool" && content.some(({ type }) => type !== "text"),
    );
    if (moved) return;
    const written = openAiApi.chat.request(asked, target);
    const once = normal(body);
    expect(normal(written.body)).toEqual(once);
  });
});

/** A request with those differences taken out that mean nothing to OpenAI. */
function normal(body: object): unknown {
  return JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (value === null || dropped.has(key) || value === "answer") return undefined;
    if (
      key === "content" &&
      Array.isArray(value) &&
      value.length === 1 &&
      value[0]?.type === "text"
    ) {
      return value[0].text;
    }
    if (key === "image_url" && typeof value === "string") return { url: value };
    if (key === "stop" && typeof value === "string") return [value];
    return value === "" || (Array.isArray(value) && value.length === 0) ? undefined : value;
  });
}

/** What OpenAI takes none of, or takes by another name. */
const dropped: ReadonlySet<string> = new Set(
  [
    ["model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "cache_control"],
    [
      "reasoning_content",
      "reasoning_details",
      "reasoning",
      "thinking",
      "reasoning_effort",
      "top_k",
    ],
    [
      "extra_content",
      "index",
      "tool_choice",
      "parallel_tool_calls",
      "strict",
      "annotations",
      "function_call",
    ],
  ].flat(),
);
