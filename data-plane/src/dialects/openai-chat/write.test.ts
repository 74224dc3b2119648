import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import type { WriteContext } from "../dialect.ts";
import { openAiCompletionsDialect } from "../openai-completions/dialect.ts";
import { openAiChatDialect } from "./dialect.ts";
import { readRequest } from "./read-request.ts";

const schema = openAiSchemaOrNotice("OpenAI's answers, written");
const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};
const context: WriteContext = {
  requestId: "r1",
  model: "m",
  createdS: 1_700_000_000,
  includeUsage: true,
  request,
};
const usage: ChatEvent = {
  type: "usage",
  usage: {
    inputTokens: 7,
    outputTokens: 5,
    cachedInputTokens: 3,
    cacheWriteTokens: 1,
    reasoningTokens: 2,
  },
};
const writtenUsage = {
  prompt_tokens: 7,
  completion_tokens: 5,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0, cache_write_tokens: 1 },
  completion_tokens_details: {
    reasoning_tokens: 2,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const annotation = {
  type: "url_citation",
  url_citation: { url: "https://a.b", title: "t", start_index: 0, end_index: 1 },
} as const;

/** Of one choice, number 0. */
type Bare = ChatEvent extends infer E
  ? E extends { choice: number }
    ? Omit<E, "choice">
    : E
  : never;

const rows: readonly { name: string; events: readonly Bare[]; message: object; finish?: string }[] =
  [
    {
      name: "text in several parts",
      events: [
        { type: "text-delta", text: "a" },
        { type: "part-end" },
        { type: "text-delta", text: 'b"\n' },
        { type: "finish", reason: "stop" },
      ],
      message: { content: 'ab"\n', refusal: null },
    },
    {
      name: "nothing but an end",
      events: [{ type: "finish", reason: "length" }],
      message: { content: "" },
      finish: "length",
    },
    {
      name: "a refusal",
      events: [
        { type: "refusal-delta", text: "no" },
        { type: "finish", reason: "content_filter" },
      ],
      message: { refusal: "no" },
      finish: "content_filter",
    },
    {
      name: "calls whose deltas take turns, one of them without arguments",
      events: [
        { type: "tool-call-start", index: 0, id: "a", name: "f" },
        {
          type: "tool-call-start",
          index: 1,
          id: "b",
          name: "g",
          signature: { vendor: "gemini", value: "s" },
        },
        { type: "tool-call-start", index: 2, id: "c", name: "h" },
        { type: "tool-call-delta", index: 1, arguments: '{"x"' },
        { type: "tool-call-delta", index: 0, arguments: "[]" },
        { type: "tool-call-delta", index: 1, arguments: ":1}" },
        { type: "finish", reason: "tool_calls" },
      ],
      message: {
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "f", arguments: "[]" } },
          {
            id: "b",
            type: "function",
            function: { name: "g", arguments: '{"x":1}' },
            extra_content: { google: { thought_signature: "s" } },
          },
          { id: "c", type: "function", function: { name: "h", arguments: "{}" } },
        ],
      },
      finish: "tool_calls",
    },
    {
      name: "thoughts with their proof, twice, and hidden ones",
      events: [
        { type: "reasoning-delta", text: "h" },
        { type: "reasoning-delta", text: "m" },
        { type: "signature", signature: { vendor: "anthropic", value: "s1" } },
        { type: "part-end" },
        { type: "redacted-reasoning", data: { vendor: "anthropic", value: "e" } },
        { type: "reasoning-delta", text: "so" },
        { type: "signature", signature: { vendor: "anthropic", value: "s2" } },
        { type: "text-delta", text: "a" },
        { type: "signature", signature: { vendor: "gemini", value: "s3" } },
        { type: "finish", reason: "stop" },
      ],
      message: {
        content: "a",
        reasoning_content: "hmso",
        reasoning_details: [
          { type: "reasoning.text", index: 0, text: "hm", signature: "s1", vendor: "anthropic" },
          { type: "reasoning.encrypted", index: 1, data: "e", vendor: "anthropic" },
          { type: "reasoning.text", index: 2, text: "so", signature: "s2", vendor: "anthropic" },
        ],
        extra_content: { google: { thought_signature: "s3" } },
      },
    },
    {
      name: "thoughts without proof",
      events: [
        { type: "reasoning-delta", text: "hm" },
        { type: "text-delta", text: "a" },
        { type: "finish", reason: "stop" },
      ],
      message: { content: "a", reasoning_content: "hm" },
    },
    {
      name: "sources, and what only another vendor understands",
      events: [
        { type: "text-delta", text: "a" },
        { type: "citation", annotation },
        { type: "opaque", dialect: "anthropic", value: { type: "server_tool_use" } },
        { type: "finish", reason: "stop" },
      ],
      message: { content: "a", annotations: [annotation] },
    },
  ];

function eventsOf(bare: readonly Bare[]): readonly ChatEvent[] {
  const start: ChatEvent = { type: "start", id: "id1", model: "vendor-model", createdS: 5 };
  return [start, ...bare.map((event) => ({ choice: 0, ...event })), usage];
}

function write(events: readonly ChatEvent[], dialect = openAiChatDialect, at = context): string {
  const writer = dialect.streamWriter(at);
  return events.map((event) => writer.write([event])).join("") + writer.end();
}

function chunksOf(text: string): readonly Record<string, unknown>[] {
  const events = text.split("\n\n").slice(0, -1);
  expect(events.at(-1)).toBe("data: [DONE]");
  return events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)));
}

describe("OpenAI's answers, written", () => {
  it.each(rows)("whole: $name", ({ events, message, finish = "stop" }) => {
    const collected = collectAnswer(eventsOf(events));
    if (collected.kind !== "answer") throw new Error(collected.kind);
    const written = openAiChatDialect.writeAnswer(collected.answer, context);
    expect(schema?.problems("chat", written) ?? []).toEqual([]);
    expect(written).toMatchObject({
      id: "id1",
      object: "chat.completion",
      created: 5,
      model: "vendor-model",
      choices: [
        {
          index: 0,
          message: { role: "assistant", ...message },
          logprobs: null,
          finish_reason: finish,
        },
      ],
      usage: writtenUsage,
    });
    expect(JSON.stringify(written)).not.toContain("server_tool_use");
  });

  it.each(rows)(
    "streamed, as openai's client puts it together: $name",
    async ({ events, message, finish = "stop" }) => {
      const text = write(eventsOf(events));
      const chunks = chunksOf(text);
      for (const chunk of chunks) {
        expect(schema?.problems("chat-chunk", chunk) ?? []).toEqual([]);
        expect(chunk).toMatchObject({ id: "id1", created: 5, model: "vendor-model" });
      }
      expect(chunks[0]).toMatchObject({ choices: [{ delta: { role: "assistant" } }], usage: null });
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: writtenUsage });
      const client = new OpenAI({
        apiKey: "k",
        fetch: async () => new Response(text, { headers: { "content-type": "text/event-stream" } }),
      });
      const stream = client.chat.completions.stream({ model: "m", messages: [] });
      const { choices } = await stream.finalChatCompletion();
      const details = chunks.flatMap((chunk) => deltaOf(chunk)["reasoning_details"] ?? []);
      const thoughts = chunks.map((chunk) => deltaOf(chunk)["reasoning_content"] ?? "").join("");
      const {
        reasoning_content,
        reasoning_details,
        annotations,
        extra_content,
        tool_calls,
        ...rest
      } = record(message);
      expect(choices[0]?.finish_reason).toBe(finish);
      expect(choices[0]?.message).toMatchObject({ role: "assistant", ...rest });
      expect(choices[0]?.message.tool_calls ?? []).toMatchObject(
        list(tool_calls).map((call) => {
          const { extra_content: _, ...known } = record(call);
          return known;
        }),
      );
      expect(thoughts).toBe(reasoning_content ?? "");
      expect(details).toEqual(reasoning_details ?? []);
      expect(chunks.flatMap((chunk) => deltaOf(chunk)["annotations"] ?? [])).toEqual(
        annotations ?? [],
      );
      expect(chunks.flatMap((chunk) => deltaOf(chunk)["extra_content"] ?? [])).toEqual(
        extra_content ? [extra_content] : [],
      );
    },
  );

  it.each(rows.filter(({ name }) => !name.includes("sources")))(
    "given back, they are the same parts: $name",
    ({ events }) => {
      const collected = collectAnswer(eventsOf(events));
      if (collected.kind !== "answer") throw new Error(collected.kind);
      const written = openAiChatDialect.writeAnswer(collected.answer, context);
      const message = record(list(written["choices"])[0])["message"];
      const [assistant] = readRequest({ messages: [message] }).messages;
      const { parts = [] } = collected.answer.choices[0] ?? {};
      const signed = parts.some((part) => "signature" in part && part.type === "reasoning");
      const text = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
      expect(assistant?.content.filter(({ type }) => type !== "text")).toEqual(
        parts.filter(({ type }) => type !== "text"),
      );
      expect(
        assistant?.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(""),
      ).toBe(text);
      if (signed) expect(assistant?.content.at(-1)).toHaveProperty("signature.value", "s3");
    },
  );

  it("writes choices side by side", () => {
    const text = write([
      { type: "text-delta", choice: 0, text: "a" },
      { type: "text-delta", choice: 1, text: "b" },
      { type: "finish", choice: 1, reason: "length" },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
    const seen = chunksOf(text).map((chunk) => {
      const { index, delta, finish_reason } = record(list(chunk["choices"])[0]);
      return [index, record(delta)["content"], finish_reason];
    });
    expect(seen).toEqual([
      [0, "", null],
      [0, "a", null],
      [1, "", null],
      [1, "b", null],
      [1, undefined, "length"],
      [0, undefined, "stop"],
    ]);
  });

  it("says nothing of usage to a client that did not ask", () => {
    const text = write(
      eventsOf([
        { type: "text-delta", text: "a" },
        { type: "finish", reason: "stop" },
      ]),
      openAiChatDialect,
      { ...context, includeUsage: false },
    );
    expect(text).not.toContain("usage");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("names an answer itself where the vendor did not", () => {
    const text = write([{ type: "finish", choice: 0, reason: "stop" }]);
    expect(chunksOf(text)[0]).toMatchObject({
      id: "chatcmpl-r1",
      created: 1_700_000_000,
      model: "m",
    });
  });

  it("gives a client that asked with functions what it looks for", () => {
    const asked = readRequest({
      messages: [{ role: "user", content: "x" }],
      functions: [{ name: "f" }],
    });
    const at = { ...context, request: asked };
    const events = eventsOf([
      { type: "tool-call-start", index: 0, id: "a", name: "f" },
      { type: "tool-call-delta", index: 0, arguments: "{}" },
      { type: "finish", reason: "tool_calls" },
    ]);
    const collected = collectAnswer(events);
    if (collected.kind !== "answer") throw new Error(collected.kind);
    expect(openAiChatDialect.writeAnswer(collected.answer, at)).toMatchObject({
      choices: [
        {
          message: { content: null, function_call: { name: "f", arguments: "{}" } },
          finish_reason: "function_call",
        },
      ],
    });
    const text = write(events, openAiChatDialect, at);
    expect(text).toContain('"delta":{"function_call":{"name":"f","arguments":""}}');
    expect(text).toContain('"finish_reason":"function_call"');
    expect(text).not.toContain("tool_calls");
  });

  it("fails with an event that clients raise, and no end", () => {
    const error = { message: "m", type: "server_error", param: null, code: "c", status: 502 };
    expect(openAiChatDialect.streamWriter(context).fail(error)).toBe(
      'data: {"error":{"message":"m","type":"server_error","param":null,"code":"c"}}\n\n',
    );
  });
});

describe("legacy completions", () => {
  const tokens = [
    {
      token: "a",
      logprob: -1,
      bytes: null,
      top_logprobs: [{ token: "a", logprob: -1, bytes: null }],
    },
  ];
  const events = eventsOf([
    { type: "reasoning-delta", text: "hm" },
    { type: "text-delta", text: "a", logprobs: tokens },
    { type: "text-delta", text: "b", logprobs: tokens },
    { type: "finish", reason: "tool_calls" },
  ]);

  it("writes a whole answer", () => {
    const collected = collectAnswer(events);
    if (collected.kind !== "answer") throw new Error(collected.kind);
    const written = openAiCompletionsDialect.writeAnswer(collected.answer, context);
    expect(schema?.problems("completion", written) ?? []).toEqual([]);
    expect(written).toMatchObject({
      object: "text_completion",
      choices: [
        {
          text: "ab",
          index: 0,
          finish_reason: "stop",
          logprobs: {
            tokens: ["a", "a"],
            text_offset: [0, 1],
            token_logprobs: [-1, -1],
            top_logprobs: [{ a: -1 }, { a: -1 }],
          },
        },
      ],
      usage: writtenUsage,
    });
  });

  it("writes a stream", () => {
    const chunks = chunksOf(write(events, openAiCompletionsDialect));
    for (const chunk of chunks)
      expect(schema?.problems("completion-chunk", chunk) ?? []).toEqual([]);
    const seen = chunks.map((chunk) => record(list(chunk["choices"])[0])["text"]);
    expect(seen).toEqual(["a", "b", "", undefined]);
    expect(chunks[1]).toMatchObject({ choices: [{ logprobs: { text_offset: [1] } }] });
  });

  it.each([
    { name: "a text", body: { prompt: "x" }, text: "x" },
    { name: "a list of one", body: { prompt: ["x"] }, text: "x" },
  ])("reads a prompt: $name", ({ body, text }) => {
    expect(openAiCompletionsDialect.readRequest(body)).toMatchObject({
      messages: [{ role: "user", content: [{ type: "text", text }] }],
      maxOutputTokens: 16,
    });
  });

  it("reads the rest", () => {
    const body = {
      prompt: "x",
      max_tokens: 5,
      stop: "y",
      logprobs: 2,
      n: 2,
      best_of: 2,
      min_p: 1,
      stream: true,
      stream_options: {},
    };
    expect(openAiCompletionsDialect.readRequest(body)).toMatchObject({
      maxOutputTokens: 5,
      stop: ["y"],
      logprobs: { top: 2 },
      choices: 2,
      stream: true,
      more: { dialect: "openai", members: { min_p: 1 } },
    });
  });

  it.each([
    { suffix: "b", members: { suffix: "b" } },
    { suffix: "", members: {} },
    { suffix: null, members: {} },
  ])("leaves it to the vendor to write before $suffix", ({ suffix, members }) => {
    const read = openAiCompletionsDialect.readRequest({ prompt: "a", suffix });
    expect(read.more.members).toEqual(members);
  });

  it.each([
    { name: "no prompt", body: {}, param: "prompt", code: "missing_required_parameter" },
    {
      name: "several prompts",
      body: { prompt: ["a", "b"] },
      param: "prompt",
      code: "unsupported_value",
    },
    { name: "tokens", body: { prompt: [1, 2] }, param: "prompt", code: "unsupported_value" },
    { name: "a suffix", body: { prompt: "a", suffix: 1 }, param: "suffix", code: "invalid_type" },
    {
      name: "an echo",
      body: { prompt: "a", echo: true },
      param: "echo",
      code: "unsupported_value",
    },
    {
      name: "the best of several",
      body: { prompt: "a", best_of: 2 },
      param: "best_of",
      code: "unsupported_value",
    },
  ])("refuses $name", ({ body, param, code }) => {
    expect(() => openAiCompletionsDialect.readRequest(body)).toThrow(
      expect.objectContaining({ param, code }),
    );
  });
});

function deltaOf(chunk: Record<string, unknown>): Record<string, unknown> {
  return record(record(list(chunk["choices"])[0])["delta"]);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
