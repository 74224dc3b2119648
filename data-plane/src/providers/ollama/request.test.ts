import { Fault } from "@headgate/core";
import { Ollama } from "ollama";
import { describe, expect, it } from "vitest";
import type {
  ChatMessage,
  ChatRequest,
  FunctionTool,
  MediaSource,
} from "../../chat/chat-request.ts";
import { ollamaApi, ollamaGenerate } from "./api.ts";

interface Row {
  readonly name: string;
  readonly model?: string;
  readonly keepAlive?: string;
  readonly request: Partial<ChatRequest>;
  /** Beside the model, the message "Hello" where the row has no messages, and `stream: false`. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly dropped?: readonly string[];
}

const schema = { type: "object", properties: { a: { type: "string" } } };

const rows: readonly Row[] = [
  { name: "a text", request: {}, body: {} },
  { name: "a stream", request: { stream: true }, body: { stream: true } },
  {
    name: "all parameters that are options",
    request: {
      maxOutputTokens: 9,
      temperature: 1.5,
      topP: 0.9,
      topK: 5,
      seed: 0,
      stop: ["|"],
      presencePenalty: 0.1,
      frequencyPenalty: 0,
    },
    body: {
      options: {
        num_predict: 9,
        temperature: 1.5,
        top_p: 0.9,
        top_k: 5,
        seed: 0,
        stop: ["|"],
        presence_penalty: 0.1,
        frequency_penalty: 0,
      },
    },
  },
  {
    name: "options only Ollama has, in either place; the client's API goes before them",
    request: {
      temperature: 0,
      stop: [],
      more: {
        dialect: "openai",
        members: { num_ctx: 8192, options: { temperature: 1, repeat_penalty: 1.1 }, min_p: null },
      },
    },
    body: { options: { num_ctx: 8192, repeat_penalty: 1.1, temperature: 0 } },
  },
  {
    name: "what it has nothing like is dropped by name",
    request: {
      choices: 3,
      logitBias: { "1": 1 },
      user: "u",
      parallelToolCalls: false,
      tools: [tool("f")],
      more: { dialect: "openai", members: { verbosity: "low", store: true, metadata: {} } },
    },
    body: { tools: [spec("f")] },
    dropped: ["n", "logit_bias", "parallel_tool_calls", "verbosity"],
  },
  {
    name: "log probabilities",
    request: { logprobs: { top: 3 } },
    body: { logprobs: true, top_logprobs: 3 },
  },
  { name: "log probabilities alone", request: { logprobs: { top: 0 } }, body: { logprobs: true } },
  {
    name: "how long the model stays: the operator's word",
    keepAlive: "10m",
    request: { more: { dialect: "openai", members: { keep_alive: "1h" } } },
    body: { keep_alive: "10m" },
  },
  {
    name: "an operator's keep_alive without a unit as a number of seconds",
    keepAlive: "-1",
    request: {},
    body: { keep_alive: -1 },
  },
  {
    name: "a client's keep_alive without a unit as a number of seconds",
    request: { more: { dialect: "openai", members: { keep_alive: "10" } } },
    body: { keep_alive: 10 },
  },
  {
    name: "how long the model stays: the client's word, where the operator has none",
    request: { more: { dialect: "openai", members: { keep_alive: 0 } } },
    body: { keep_alive: 0 },
  },
  { name: "any JSON", request: { format: { type: "json" } }, body: { format: "json" } },
  {
    name: "a schema",
    request: { format: { type: "json_schema", name: "x", schema } },
    body: { format: schema },
  },
  { name: "text as a format", request: { format: { type: "text" } }, body: {} },
  { name: "thoughts", request: { reasoning: { effort: "high" } }, body: { think: true } },
  {
    name: "thoughts by budget",
    request: { reasoning: { budgetTokens: 9 } },
    body: { think: true },
  },
  { name: "no thoughts", request: { reasoning: { effort: "none" } }, body: { think: false } },
  { name: "thoughts as the model likes", request: { reasoning: {} }, body: {} },
  {
    name: "thoughts of gpt-oss, by level",
    model: "gpt-oss:120b",
    request: { reasoning: { effort: "xhigh" } },
    body: { think: "high" },
  },
  {
    name: "fewest thoughts of gpt-oss, which can't do without",
    model: "gpt-oss:20b",
    request: { reasoning: { effort: "none" } },
    body: { think: "low" },
  },
  {
    name: "tools in full; what is no function is none of them",
    request: {
      tools: [
        { type: "function", name: "f", description: "does f", parameters: schema, strict: true },
        { type: "opaque", dialect: "openai", value: { type: "web_search" } },
      ],
    },
    body: {
      tools: [
        { type: "function", function: { name: "f", description: "does f", parameters: schema } },
      ],
    },
    dropped: ["tools", "tools.strict"],
  },
  {
    name: "tool choice none",
    request: { tools: [tool("f")], toolChoice: { type: "none" } },
    body: {},
  },
  {
    name: "tool choice of one function, which can't be demanded",
    request: { tools: [tool("f"), tool("g")], toolChoice: { type: "function", name: "g" } },
    body: { tools: [spec("g")] },
    dropped: ["tool_choice"],
  },
  {
    name: "tool choice required, which can't be demanded",
    request: { tools: [tool("f")], toolChoice: { type: "required" } },
    body: { tools: [spec("f")] },
    dropped: ["tool_choice"],
  },
  {
    name: "tool choice among some",
    request: {
      tools: [tool("f"), tool("g")],
      toolChoice: { type: "allowed", mode: "auto", names: ["f"] },
    },
    body: { tools: [spec("f")] },
  },
  {
    name: "a conversation with thoughts, calls and results",
    request: {
      messages: [
        { role: "developer", content: [text("a"), text("b")] },
        { role: "user", content: [text("w")], name: "n" },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "hm" },
            { type: "reasoning", text: "s", signature: { vendor: "anthropic", value: "x" } },
            { type: "redacted-reasoning", data: { vendor: "anthropic", value: "x" } },
            text("Let me"),
            { type: "tool-call", id: "c1", name: "f", arguments: '{"a":1}' },
            { type: "tool-call", id: "c2", name: "g", arguments: "" },
          ],
        },
        { role: "tool", callId: "c2", content: [text("two"), image()] },
        { role: "tool", callId: "lost", content: [text("?")], isError: true },
        { role: "assistant", content: [{ type: "refusal", text: "no" }] },
      ],
    },
    body: {
      messages: [
        { role: "system", content: "a\nb" },
        { role: "user", content: "w" },
        {
          role: "assistant",
          content: "Let me",
          thinking: "hm",
          tool_calls: [
            { id: "c1", function: { name: "f", arguments: { a: 1 } } },
            { id: "c2", function: { name: "g", arguments: {} } },
          ],
        },
        { role: "tool", content: "two", tool_name: "g", tool_call_id: "c2", images: ["aQ=="] },
        { role: "tool", content: "?", tool_call_id: "lost" },
        { role: "assistant", content: "no" },
      ],
    },
    dropped: ["messages.name"],
  },
  {
    name: "images, and files of text",
    request: {
      messages: [
        {
          role: "user",
          content: [
            text(""),
            text("see"),
            image(),
            { type: "file", source: { kind: "data", mediaType: "image/png", data: "cA==" } },
            {
              type: "file",
              source: { kind: "data", mediaType: "text/csv; charset=utf-8", data: "YSxi" },
              filename: "t.csv",
            },
            { type: "file", source: { kind: "text", mediaType: "text/plain", text: "plain" } },
          ],
        },
      ],
    },
    body: {
      messages: [{ role: "user", content: "see\nt.csv\na,b\nplain", images: ["aQ==", "cA=="] }],
    },
  },
];

describe("chatRequest()", () => {
  it.each(rows)("writes $name", async (row) => {
    const { model = "qwen3", keepAlive = "", request, body, dropped = [] } = row;
    const written = ollamaApi.chat.request(asked(request), { ...target, model, keepAlive });
    expect(written.path).toBe("/base/api/chat");
    expect(written.body).toEqual({
      model,
      messages: [{ role: "user", content: "Hello" }],
      stream: false,
      ...body,
    });
    expect([...written.dropped].sort()).toEqual([...dropped].sort());
    expect(await writtenByClient(written.body)).toEqual(JSON.parse(JSON.stringify(written.body)));
  });

  it.each([
    { name: "a PDF", part: { type: "file", source: data("application/pdf") } },
    { name: "a file by its id", part: { type: "file", source: { kind: "id", id: "f" } } },
    { name: "audio", part: { type: "audio", mediaType: "audio/wav", data: "YQ==" } },
    {
      name: "an image that was not fetched",
      part: { type: "image", source: { kind: "url", url: "u" } },
    },
  ] as const)("refuses $name", ({ part }) => {
    const messages: ChatMessage[] = [{ role: "user", content: [part] }];
    const write = () => ollamaApi.chat.request(asked({ messages }), target);
    expect(write).toThrow(Fault);
    expect(write).toThrow(/^Ollama does not take /);
  });

  it("has the web fetched for it", () => {
    const fetched = (source: MediaSource) =>
      ollamaApi.chat.mustFetch({ type: "image", source }, target);
    expect(fetched({ kind: "url", url: "https://x/y" })).toBe(true);
    expect(fetched(data("image/png"))).toBe(false);
  });
});

describe("generateRequest()", () => {
  it("writes the user's text as the prompt", () => {
    const written = ollamaGenerate.request(
      asked({
        messages: [
          { role: "system", content: [text("be")] },
          { role: "user", content: [text("Once"), image()] },
        ],
        maxOutputTokens: 5,
        tools: [tool("f")],
        more: { dialect: "openai", members: { suffix: "end", raw: true, best_of: 2, echo: false } },
      }),
      { ...target, keepAlive: "5m" },
    );
    expect(written).toEqual({
      path: "/base/api/generate",
      body: {
        model: "m",
        prompt: "Once",
        images: ["aQ=="],
        system: "be",
        suffix: "end",
        raw: true,
        stream: false,
        options: { num_predict: 5 },
        keep_alive: "5m",
      },
      dropped: ["tools", "best_of", "echo"],
    });
  });

  it("refuses a conversation", () => {
    const messages: ChatMessage[] = [{ role: "assistant", content: [text("a")] }];
    expect(() => ollamaGenerate.request(asked({ messages }), target)).toThrow(Fault);
  });
});

describe("ollamaEmbeddings", () => {
  const more = { dialect: "openai", members: { truncate: false, input_type: "x" } } as const;

  it("asks for all texts at once", () => {
    const asking = { input: ["a", "b"], dimensions: 8, user: "u", more };
    const written = ollamaApi.embeddings?.request(asking, { ...target, keepAlive: "1m" });
    expect(written).toEqual({
      path: "/base/api/embed",
      body: { model: "m", input: ["a", "b"], dimensions: 8, truncate: false, keep_alive: "1m" },
      dropped: ["input_type"],
    });
  });

  it("refuses the ids of tokens", () => {
    expect(() => ollamaApi.embeddings?.request({ input: [[1]], more }, target)).toThrow(Fault);
  });

  it.each([
    [{ model: "m", embeddings: [[1], [2]], prompt_eval_count: 4 }, [[1], [2]], 4],
    [{ embedding: [1] }, [[1]], undefined],
  ])("reads %j", (body, vectors, inputTokens) => {
    const answer = ollamaApi.embeddings?.answer(body, { input: [], more });
    expect(answer?.vectors).toEqual(vectors);
    expect(answer?.usage?.inputTokens).toBe(inputTokens);
  });

  it.each([[{}], [null], [{ embeddings: [] }], [{ embeddings: [[1], "x"] }]])(
    "has nothing to read in %j",
    (body) => {
      const read = () => ollamaApi.embeddings?.answer(body, { input: [], more });
      expect(read).toThrow(SyntaxError);
    },
  );
});

const target = {
  model: "m",
  basePath: "/base",
  apiVersion: "",
  keepAlive: "",
  project: "",
  location: "",
};

function asked(request: Partial<ChatRequest>): ChatRequest {
  return {
    messages: [{ role: "user", content: [text("Hello")] }],
    tools: [],
    stream: false,
    more: { dialect: "openai", members: {} },
    ...request,
  };
}

function text(value: string) {
  return { type: "text", text: value } as const;
}

function data(mediaType: string) {
  return { kind: "data", mediaType, data: "aQ==" } as const;
}

function image() {
  return { type: "image", source: data("image/jpeg") } as const;
}

function tool(name: string): FunctionTool {
  return { type: "function", name };
}

function spec(name: string) {
  return { type: "function", function: { name, parameters: { type: "object", properties: {} } } };
}

/** The body as the official client writes it, given the same. */
async function writtenByClient(body: Readonly<Record<string, unknown>>): Promise<unknown> {
  let sent: unknown;
  const client = new Ollama({
    host: "http://127.0.0.1:1",
    fetch: async (_url, init) => {
      sent = JSON.parse(String(init?.body));
      return Response.json({ done: true });
    },
  });
  await client.chat({ model: "", ...Object(body) });
  return sent;
}
