import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { anthropicApi } from "./api.ts";
import { jsonToolName } from "./json-tool.ts";

const plain: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};
const formatted: ChatRequest = {
  ...plain,
  format: { type: "json_schema", name: "n", schema: { type: "object" } },
};

function read(events: readonly object[], request = plain): readonly ChatEvent[] {
  const reader = anthropicApi.chat.stream(request);
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  return [...reader.push(Buffer.from(text)), ...reader.end()];
}

const begin = {
  type: "message_start",
  message: {
    id: "msg_1",
    model: "m",
    content: [],
    usage: { input_tokens: 3, output_tokens: 1, service_tier: "standard" },
  },
};
const start = (index: number, block: object): object => ({
  type: "content_block_start",
  index,
  content_block: block,
});
const delta = (index: number, type: string, more: object): object => ({
  type: "content_block_delta",
  index,
  delta: { type, ...more },
});
const stop = (index: number): object => ({ type: "content_block_stop", index });
const ending = (stop_reason: string, more: object = {}): object[] => [
  { type: "message_delta", delta: { stop_reason, ...more }, usage: { output_tokens: 9 } },
  { type: "message_stop" },
];

describe("AnthropicStreamReader", () => {
  it("counts calls by themselves, and takes an empty first delta for none", () => {
    const events = read([
      begin,
      start(0, { type: "text", text: "" }),
      delta(0, "text_delta", { text: "ok" }),
      stop(0),
      start(1, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      delta(1, "input_json_delta", { partial_json: '{"query"' }),
      delta(1, "input_json_delta", { partial_json: ':"x"}' }),
      stop(1),
      start(2, { type: "tool_use", id: "a", name: "f", input: {}, caller: { type: "direct" } }),
      delta(2, "input_json_delta", { partial_json: "" }),
      delta(2, "input_json_delta", { partial_json: '{"x":' }),
      delta(2, "input_json_delta", { partial_json: "1}" }),
      stop(2),
      start(3, { type: "tool_use", id: "b", name: "g", input: {} }),
      delta(3, "input_json_delta", { partial_json: "" }),
      stop(3),
      { type: "ping" },
      ...ending("tool_use"),
    ]);
    expect(events).toEqual([
      { type: "start", id: "msg_1", model: "m", serviceTier: "standard" },
      { type: "usage", usage: { inputTokens: 3, outputTokens: 1 } },
      { type: "text-delta", choice: 0, text: "ok" },
      { type: "part-end", choice: 0 },
      {
        type: "opaque",
        choice: 0,
        dialect: "anthropic",
        value: { type: "server_tool_use", id: "s", name: "web_search", input: { query: "x" } },
      },
      {
        type: "tool-call-start",
        choice: 0,
        index: 0,
        id: "a",
        name: "f",
        more: { dialect: "anthropic", members: { caller: { type: "direct" } } },
      },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: '{"x":' },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: "1}" },
      { type: "part-end", choice: 0 },
      { type: "tool-call-start", choice: 0, index: 1, id: "b", name: "g" },
      { type: "tool-call-delta", choice: 0, index: 1, arguments: "{}" },
      { type: "part-end", choice: 0 },
      { type: "usage", usage: { inputTokens: 3, outputTokens: 9 } },
      { type: "finish", choice: 0, reason: "tool_calls", native: "tool_use" },
    ]);
  });

  it("keeps thoughts with their signatures, shown or not", () => {
    const collected = collectAnswer(
      read([
        begin,
        start(0, { type: "thinking", thinking: "", signature: "" }),
        delta(0, "thinking_delta", { thinking: "hm", estimated_tokens: 1 }),
        delta(0, "signature_delta", { signature: "s1" }),
        stop(0),
        start(1, { type: "thinking", thinking: "", signature: "" }),
        delta(1, "signature_delta", { signature: "s2" }),
        stop(1),
        start(2, { type: "redacted_thinking", data: "d" }),
        stop(2),
        ...ending("end_turn"),
      ]),
    );
    expect(collected).toMatchObject({
      answer: {
        choices: [
          {
            parts: [
              { type: "reasoning", text: "hm", signature: { vendor: "anthropic", value: "s1" } },
              { type: "reasoning", text: "", signature: { vendor: "anthropic", value: "s2" } },
              { type: "redacted-reasoning", data: { vendor: "anthropic", value: "d" } },
            ],
          },
        ],
      },
    });
  });

  it("tells where in the text a link belongs", () => {
    const link = {
      type: "web_search_result_location",
      url: "https://x",
      title: "X",
      cited_text: "c",
    };
    const place = { type: "char_location", document_index: 0 };
    const events = read([
      begin,
      start(0, { type: "text", text: "See " }),
      stop(0),
      start(1, { type: "text", text: "", citations: [] }),
      delta(1, "citations_delta", { citation: link }),
      delta(1, "citations_delta", { citation: place }),
      delta(1, "text_delta", { text: "here" }),
      stop(1),
      ...ending("end_turn"),
    ]);
    expect(events.filter(({ type }) => type === "citation")).toEqual([
      { type: "citation", choice: 0, native: { dialect: "anthropic", value: place } },
      {
        type: "citation",
        choice: 0,
        annotation: {
          type: "url_citation",
          url_citation: { url: "https://x", title: "X", start_index: 4, end_index: 8 },
        },
        native: { dialect: "anthropic", value: link },
      },
    ]);
  });

  it("takes the tool of a format for text, and its end for an end", () => {
    const events = read(
      [
        begin,
        start(0, { type: "tool_use", id: "a", name: jsonToolName, input: {} }),
        delta(0, "input_json_delta", { partial_json: '{"a":1}' }),
        stop(0),
        ...ending("tool_use"),
      ],
      formatted,
    );
    expect(collectAnswer(events)).toMatchObject({
      answer: {
        choices: [
          {
            parts: [{ type: "text", text: '{"a":1}' }],
            finish: { reason: "stop", native: "end_turn" },
          },
        ],
      },
    });
  });

  it("adds up nothing: counts are totals, and what is left out stays", () => {
    const events = read([
      {
        type: "message_start",
        message: {
          usage: {
            input_tokens: 3,
            cache_read_input_tokens: 4,
            cache_creation_input_tokens: 5,
            cache_creation: { ephemeral_1h_input_tokens: 2, ephemeral_5m_input_tokens: 3 },
            output_tokens: 1,
          },
        },
      },
      { type: "message_delta", delta: {}, usage: { output_tokens: 7, input_tokens: null } },
      ...ending("end_turn"),
    ]);
    expect(events.filter(({ type }) => type === "usage").at(-1)).toEqual({
      type: "usage",
      usage: {
        inputTokens: 12,
        outputTokens: 9,
        cachedInputTokens: 4,
        cacheWriteTokens: 5,
        cacheWrite1hTokens: 2,
      },
    });
  });

  it.each([
    ["overloaded_error", { kind: "overloaded", status: 529 }],
    ["api_error", { kind: "server_error", status: 500 }],
    ["rate_limit_error", { kind: "rate_limited", status: 429 }],
    ["timeout_error", { kind: "timeout", status: 504 }],
    ["invalid_request_error", { kind: "invalid_request", status: 400 }],
  ])("tells of %s, and of nothing after it", (type, error) => {
    const events = read([
      begin,
      { type: "error", error: { type, message: "m" } },
      ...ending("end_turn"),
    ]);
    expect(events.slice(2)).toEqual([{ type: "error", error: { ...error, message: "m" } }]);
  });

  it("takes what is no JSON, or no stream, for an error", () => {
    const reader = anthropicApi.chat.stream(plain);
    expect(reader.push(Buffer.from("data: <html>\n\n"))).toMatchObject([{ type: "error" }]);
    expect(reader.complete).toBe(true);
  });

  it("survives events that lack what they should have", () => {
    const odd = [
      {},
      { type: 1 },
      start(0, {}),
      delta(9, "text_delta", {}),
      { type: "content_block_stop" },
    ];
    expect(read([{ type: "message_start" }, ...odd, { type: "message_delta" }])).toBeInstanceOf(
      Array,
    );
  });
});

describe("a plain answer", () => {
  it.each([
    [
      "an error within a 200",
      { type: "error", error: { type: "overloaded_error", message: "m" } },
      "overloaded",
    ],
    ["something else", { choices: [] }, "server_error"],
    ["no object", null, "server_error"],
  ])("that is %s", (_, body, kind) => {
    expect(anthropicApi.chat.answer(body, plain)).toMatchObject([
      { type: "error", error: { kind } },
    ]);
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["pause_turn", "stop"],
    ["compaction", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
    ["something_new", "stop"],
  ])("that stops for %s finishes with %s", (stop_reason, reason) => {
    const events = anthropicApi.chat.answer(
      { content: [], stop_reason, stop_sequence: "x" },
      plain,
    );
    expect(events.at(-1)).toEqual({
      type: "finish",
      choice: 0,
      reason,
      native: stop_reason,
      stopSequence: "x",
    });
  });
});
