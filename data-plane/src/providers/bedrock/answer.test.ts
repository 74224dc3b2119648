import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { bedrockApi } from "./api.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};
const formatted: ChatRequest = {
  ...request,
  format: { type: "json_schema", name: "x", schema: { type: "object" } },
};
const usage = { inputTokens: 5, outputTokens: 3, totalTokens: 8 };
const counted = { inputTokens: 5, outputTokens: 3 };

interface Row {
  readonly name: string;
  readonly asked?: ChatRequest;
  /** As a stream has them; each in two deltas where that can be. */
  readonly blocks: readonly Block[];
  readonly stopReason?: string;
  readonly parts: readonly object[];
  readonly reason?: string;
}

interface Block {
  /** Of a whole answer. */
  readonly whole: object;
  /** Of a stream. */
  readonly start?: object;
  readonly deltas: readonly object[];
}

const rows: readonly Row[] = [
  {
    name: "texts apart",
    blocks: [text("one"), text("two")],
    parts: [
      { type: "text", text: "one" },
      { type: "text", text: "two" },
    ],
  },
  {
    name: "signed thoughts, hidden ones, and a call without arguments",
    blocks: [
      {
        whole: { reasoningContent: { reasoningText: { text: "hmm", signature: "sig" } } },
        deltas: [
          { reasoningContent: { text: "h" } },
          { reasoningContent: { text: "mm" } },
          { reasoningContent: { signature: "sig" } },
        ],
      },
      {
        whole: { reasoningContent: { redactedContent: "cmVk" } },
        deltas: [{ reasoningContent: { redactedContent: "cmVk" } }],
      },
      toolUse("t1", "f", {}, []),
    ],
    stopReason: "tool_use",
    parts: [
      { type: "reasoning", text: "hmm", signature: { vendor: "anthropic", value: "sig" } },
      { type: "redacted-reasoning", data: { vendor: "anthropic", value: "cmVk" } },
      { type: "tool-call", id: "t1", name: "f", arguments: "{}" },
    ],
    reason: "tool_calls",
  },
  {
    name: "calls are counted apart from other blocks",
    blocks: [
      text("Let me"),
      toolUse("t1", "f", { a: "né" }, ['{"a":', '"né"}']),
      toolUse("t2", "g", { b: 1 }, ['{"b":1}']),
    ],
    stopReason: "end_turn",
    parts: [
      { type: "text", text: "Let me" },
      { type: "tool-call", id: "t1", name: "f", arguments: '{"a":"né"}' },
      { type: "tool-call", id: "t2", name: "g", arguments: '{"b":1}' },
    ],
    reason: "tool_calls",
  },
  {
    name: "a call of the tool that stands for the answer is the answer",
    asked: formatted,
    blocks: [toolUse("t1", "write_json_answer", { a: 1 }, ['{"a"', ":1}"])],
    stopReason: "tool_use",
    parts: [{ type: "text", text: '{"a":1}' }],
  },
  {
    name: "the same name is a call where no format was asked for",
    blocks: [toolUse("t1", "write_json_answer", { a: 1 }, ['{"a":1}'])],
    stopReason: "tool_use",
    parts: [{ type: "tool-call", id: "t1", name: "write_json_answer", arguments: '{"a":1}' }],
    reason: "tool_calls",
  },
  {
    name: "cited text, from the web and from a document",
    blocks: [
      text("So: "),
      {
        whole: {
          citationsContent: {
            content: [{ text: "it is" }],
            citations: [
              { title: "t", location: { web: { url: "https://x", domain: "x" } } },
              { title: "d", location: { documentPage: { documentIndex: 0 } } },
            ],
          },
        },
        deltas: [
          { text: "it is" },
          { citation: { title: "t", location: { web: { url: "https://x", domain: "x" } } } },
          { citation: { title: "d", location: { documentPage: { documentIndex: 0 } } } },
        ],
      },
    ],
    parts: [
      { type: "text", text: "So: " },
      {
        type: "text",
        text: "it is",
        annotations: [
          {
            type: "url_citation",
            url_citation: { url: "https://x", title: "t", start_index: 4, end_index: 9 },
          },
        ],
        citations: {
          dialect: "bedrock",
          list: [
            { title: "t", location: { web: { url: "https://x", domain: "x" } } },
            { title: "d", location: { documentPage: { documentIndex: 0 } } },
          ],
        },
      },
    ],
  },
  {
    name: "what only Bedrock's clients know: a tool it ran, its result, an image",
    blocks: [
      {
        whole: {
          toolUse: { toolUseId: "s", name: "py", type: "server_tool_use", input: { code: "1" } },
        },
        start: { toolUse: { toolUseId: "s", name: "py", type: "server_tool_use" } },
        deltas: [{ toolUse: { input: '{"code"' } }, { toolUse: { input: ':"1"}' } }],
      },
      {
        whole: { toolResult: { toolUseId: "s", status: "success", content: [{ text: "1" }] } },
        start: { toolResult: { toolUseId: "s", status: "success" } },
        deltas: [{ toolResult: [{ text: "1" }] }],
      },
      {
        whole: { image: { format: "png", source: { bytes: "YWJj" } } },
        start: { image: { format: "png" } },
        deltas: [
          { image: { source: { bytes: "YQ==" } } },
          { image: { source: { bytes: "YmM=" } } },
        ],
      },
    ],
    stopReason: "end_turn",
    parts: [
      {
        type: "opaque",
        dialect: "bedrock",
        value: {
          toolUse: { toolUseId: "s", name: "py", type: "server_tool_use", input: { code: "1" } },
        },
      },
      {
        type: "opaque",
        dialect: "bedrock",
        value: { toolResult: { toolUseId: "s", status: "success", content: [{ text: "1" }] } },
      },
      {
        type: "opaque",
        dialect: "bedrock",
        value: { image: { format: "png", source: { bytes: "YWJj" } } },
      },
    ],
  },
];

describe("answers of Converse", () => {
  it.each(rows)("read $name, whole and streamed", (row) => {
    const { asked = request, blocks, stopReason = "end_turn", parts, reason = "stop" } = row;
    const whole = bedrockApi.chat.answer(
      {
        output: { message: { role: "assistant", content: blocks.map((b) => b.whole) } },
        stopReason,
        usage,
      },
      asked,
    );
    const streamed = streamedEvents(frames(blocks, stopReason), asked);
    const expected = {
      kind: "answer",
      answer: {
        choices: [{ parts, finish: { reason, native: stopReason } }],
        usage: counted,
      },
    };
    expect(collectAnswer(whole)).toEqual(expected);
    expect(collectAnswer(streamed.events)).toEqual(expected);
    expect(streamed.complete).toBe(true);
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["content_filtered", "content_filter"],
    ["guardrail_intervened", "content_filter"],
    ["something_new", "stop"],
  ])("that stop for %s finish with %s", (stopReason, reason) => {
    const { events } = streamedEvents(frames([text("a")], stopReason), request);
    expect(events).toContainEqual({ type: "finish", choice: 0, reason, native: stopReason });
  });

  it.each(["malformed_model_output", "malformed_tool_use"])("that are %s are errors", (stop) => {
    const { events, complete } = streamedEvents(frames([text("a")], stop), request);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { kind: "server_error" } });
    expect(complete).toBe(true);
  });

  it("index calls by their own count, whatever stands between", () => {
    const blocks = [
      text("a"),
      toolUse("t1", "f", {}, ["{}"]),
      text("b"),
      toolUse("t2", "g", {}, ["{}"]),
    ];
    const { events } = streamedEvents(frames(blocks, "tool_use"), request);
    const indexes = events.flatMap((event) => ("index" in event ? [event.index] : []));
    expect(indexes).toEqual([0, 0, 1, 1]);
  });

  it("say which stop sequence was met", () => {
    const stop = event("messageStop", {
      stopReason: "stop_sequence",
      additionalModelResponseFields: { stop_sequence: "END" },
    });
    expect(streamedEvents([stop], request).events.at(-1)).toMatchObject({ stopSequence: "END" });
  });

  it("count cached input within all input", () => {
    const { events } = streamedEvents(
      [
        event("messageStop", { stopReason: "end_turn" }),
        event("metadata", {
          usage: {
            inputTokens: 11,
            outputTokens: 2,
            cacheReadInputTokens: 100,
            cacheWriteInputTokens: 1000,
            cacheDetails: [
              { ttl: "1h", inputTokens: 700 },
              { ttl: "5m", inputTokens: 300 },
            ],
          },
        }),
      ],
      request,
    );
    expect(events.at(-1)).toEqual({
      type: "usage",
      usage: {
        inputTokens: 1111,
        outputTokens: 2,
        cachedInputTokens: 100,
        cacheWriteTokens: 1000,
        cacheWrite1hTokens: 700,
      },
    });
  });

  it.each([
    { body: {}, kind: "server_error", status: 502 },
    { body: "x", kind: "server_error", status: 502 },
    { body: null, kind: "server_error", status: 502 },
    {
      body: { Output: { __type: "com.amazon.coral.service#UnknownOperationException" } },
      kind: "not_found",
      status: 502,
    },
    {
      body: { __type: "ThrottlingException", message: "slow down" },
      kind: "rate_limited",
      status: 502,
    },
  ])("that are none are errors: $body", ({ body, kind, status }) => {
    expect(bedrockApi.chat.answer(body, request)).toMatchObject([
      { type: "error", error: { kind, status } },
    ]);
  });

  it("never throw, whatever they hold", () => {
    const any = fc.jsonValue({ maxDepth: 2 });
    const block = fc.oneof(
      fc.dictionary(
        fc.constantFrom("text", "toolUse", "reasoningContent", "citationsContent"),
        any,
      ),
      any,
    );
    const names = fc.constantFrom(
      "messageStart",
      "contentBlockStart",
      "contentBlockDelta",
      "contentBlockStop",
      "messageStop",
      "metadata",
      "toString",
    );
    const payload = fc.dictionary(
      fc.constantFrom("contentBlockIndex", "start", "delta", "stopReason", "usage"),
      fc.oneof(any, fc.dictionary(fc.constantFrom("toolUse", "image"), block)),
    );
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 5 }),
        fc.array(fc.tuple(names, payload), { maxLength: 8 }),
        (content, events) => {
          bedrockApi.chat.answer({ output: { message: { content } }, usage: {} }, formatted);
          streamedEvents(
            events.map(([name, value]) => event(name, value)),
            formatted,
          );
        },
      ),
    );
  });
});

describe("streams of Converse", () => {
  const whole = frames([text("hello")], "end_turn");

  it.each([
    ["throttlingException", "rate_limited", 429],
    ["modelStreamErrorException", "server_error", 424],
    ["internalServerException", "server_error", 500],
    ["serviceUnavailableException", "unavailable", 503],
    ["validationException", "invalid_request", 400],
    ["modelTimeoutException", "timeout", 408],
    ["somethingNewException", "server_error", 500],
  ])("that end in %s are errors, and nothing comes after", (type, kind, status) => {
    const exception = message(
      { ":message-type": "exception", ":exception-type": type },
      { message: "m" },
    );
    const { events, complete } = streamedEvents(
      [...whole.slice(0, 2), exception, ...whole],
      request,
    );
    expect(events.at(-1)).toEqual({ type: "error", error: { kind, message: "m", status } });
    expect(events).toHaveLength(3);
    expect(complete).toBe(true);
  });

  it("are broken by damage, after what came whole before it", () => {
    const damaged = Buffer.concat(whole);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
    const { events } = streamedEvents([damaged], request);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { status: 502 } });
    expect(events).toContainEqual({ type: "text-delta", choice: 0, text: "he" });
  });

  it("are whole without usage if they end after messageStop, and not before", () => {
    const upTo = (count: number) => streamedEvents(whole.slice(0, count), request);
    expect(upTo(whole.length - 1)).toMatchObject({ complete: true });
    expect(upTo(whole.length - 2)).toMatchObject({ complete: false });
  });

  it("begin once, also where the first event is missing", () => {
    const { events } = streamedEvents(whole.slice(1), request);
    expect(events.map(({ type }) => type)).toEqual([
      "start",
      "text-delta",
      "text-delta",
      "part-end",
      "finish",
      "usage",
    ]);
  });

  it("pass over events that are not known", () => {
    const unknown = [event("initial-response", {}), ...whole, event("new", { a: 1 })];
    expect(streamedEvents(unknown, request)).toEqual(streamedEvents(whole, request));
  });

  it("give up on a block without end", () => {
    const stream = bedrockApi.chat.stream(request);
    stream.push(event("contentBlockStart", { contentBlockIndex: 0, start: { image: {} } }));
    const bytes = "A".repeat(12 * 1024 * 1024);
    const delta = event("contentBlockDelta", {
      contentBlockIndex: 0,
      delta: { image: { source: { bytes } } },
    });
    const events = [...stream.push(delta), ...stream.push(delta), ...stream.push(delta)];
    expect(events).toMatchObject([{ type: "start" }, { type: "error" }].slice(-events.length));
    expect(events.at(-1)?.type).toBe("error");
    expect(stream.complete).toBe(true);
  });
});

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (value) => Buffer.from(value),
);

function message(headers: Readonly<Record<string, string>>, body: unknown): Buffer {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: "string", value }]);
  const bytes = Buffer.from(JSON.stringify(body));
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body: bytes }));
}

function event(type: string, body: object): Buffer {
  return message({ ":message-type": "event", ":event-type": type }, body);
}

function frames(blocks: readonly Block[], stopReason: string): readonly Buffer[] {
  return [
    event("messageStart", { role: "assistant", p: "abc" }),
    ...blocks.flatMap(({ start, deltas }, contentBlockIndex) => [
      ...(start ? [event("contentBlockStart", { contentBlockIndex, start })] : []),
      ...deltas.map((delta) => event("contentBlockDelta", { contentBlockIndex, delta })),
      event("contentBlockStop", { contentBlockIndex }),
    ]),
    event("messageStop", { stopReason }),
    event("metadata", { usage, metrics: { latencyMs: 1 } }),
  ];
}

function streamedEvents(pieces: readonly Buffer[], asked: ChatRequest) {
  const stream = bedrockApi.chat.stream(asked);
  const events: ChatEvent[] = pieces.flatMap((piece) => stream.push(piece));
  return { events: [...events, ...stream.end()], complete: stream.complete };
}

function text(value: string): Block {
  return {
    whole: { text: value },
    deltas: [{ text: value.slice(0, 2) }, { text: value.slice(2) }],
  };
}

function toolUse(toolUseId: string, name: string, input: object, pieces: readonly string[]): Block {
  return {
    whole: { toolUse: { toolUseId, name, input } },
    start: { toolUse: { toolUseId, name } },
    deltas: pieces.map((piece) => ({ toolUse: { input: piece } })),
  };
}
