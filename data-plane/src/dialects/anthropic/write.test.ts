import Anthropic from "@anthropic-ai/sdk";
import AnthropicSdk0 from "anthropic-sdk-0";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import type { WriteContext } from "../dialect.ts";
import { anthropicDialect } from "./dialect.ts";
import { anthropicErrorBody, anthropicErrorStatus } from "./write-error.ts";

type Json = Readonly<Record<string, unknown>>;

const context: WriteContext = {
  requestId: "req-1",
  model: "gpt-x",
  createdS: 0,
  includeUsage: false,
  request: { messages: [], tools: [], stream: true, more: { dialect: "anthropic", members: {} } },
};

const start: ChatEvent = { type: "start", id: "chatcmpl-1", model: "gpt-x-1" };
const text = (said: string): ChatEvent => ({ type: "text-delta", choice: 0, text: said });
const thought = (said: string): ChatEvent => ({ type: "reasoning-delta", choice: 0, text: said });
const call = (index: number, more: object = {}): ChatEvent => ({
  type: "tool-call-start",
  choice: 0,
  index,
  id: `c${index}`,
  name: `f${index}`,
  ...more,
});
const args = (index: number, json: string): ChatEvent => ({
  type: "tool-call-delta",
  choice: 0,
  index,
  arguments: json,
});
const partEnd: ChatEvent = { type: "part-end", choice: 0 };
const usage: ChatEvent = {
  type: "usage",
  usage: {
    inputTokens: 10,
    outputTokens: 5,
    cachedInputTokens: 3,
    cacheWriteTokens: 2,
    cacheWrite1hTokens: 1,
    reasoningTokens: 4,
  },
};
const finish = (reason: "stop" | "tool_calls", more: object = {}): ChatEvent => ({
  type: "finish",
  choice: 0,
  reason,
  ...more,
});

/** Each event on its own, as it would come. */
function stream(events: readonly ChatEvent[]): string {
  const writer = anthropicDialect.streamWriter(context);
  return events.map((event) => writer.write([event])).join("") + writer.end();
}

function parsed(written: string): readonly Json[] {
  return written
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => {
      const [name, data = ""] = event.split("\n");
      const value: Json = JSON.parse(data.slice("data: ".length));
      expect(name).toBe(`event: ${value["type"]}`);
      return value;
    });
}

function answer(events: readonly ChatEvent[]): Json {
  const collected = collectAnswer(events);
  if (collected.kind !== "answer") throw new Error(collected.kind);
  return anthropicDialect.writeAnswer(collected.answer, context);
}

const counts = {
  input_tokens: 5,
  cache_creation_input_tokens: 2,
  cache_read_input_tokens: 3,
  cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 1 },
  output_tokens: 5,
  output_tokens_details: { thinking_tokens: 4 },
};

interface Row {
  readonly name: string;
  readonly events: readonly ChatEvent[];
  readonly content: readonly object[];
  readonly stop?: string;
}

const gemini = { vendor: "gemini", value: "g" } as const;
const claude = { vendor: "anthropic", value: "s" } as const;
const toolUse = (index: number, input: object): object => ({
  type: "tool_use",
  id: `c${index}`,
  name: `f${index}`,
  input,
});
const thinking = (said: string, signature: string): object => ({
  type: "thinking",
  thinking: said,
  signature,
});

const rows: readonly Row[] = [
  {
    name: "text",
    events: [text("a"), text("b"), finish("stop")],
    content: [{ type: "text", text: "ab" }],
  },
  { name: "nothing", events: [finish("stop")], content: [] },
  {
    name: "parts that the vendor kept apart",
    events: [text("a"), partEnd, text("b"), finish("stop")],
    content: [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
  },
  {
    name: "thoughts, signed and not",
    events: [
      thought("h"),
      thought("m"),
      { type: "signature", choice: 0, signature: claude },
      partEnd,
      thought("x"),
      text("a"),
      finish("stop"),
    ],
    content: [thinking("hm", "s"), thinking("x", ""), { type: "text", text: "a" }],
  },
  {
    name: "other vendors' proofs, beside what they belong to",
    events: [
      text("a"),
      { type: "signature", choice: 0, signature: gemini },
      call(0, { signature: gemini }),
      args(0, "{}"),
      { type: "redacted-reasoning", choice: 0, data: { vendor: "openai", value: "o" } },
      { type: "signature", choice: 0, signature: gemini },
      finish("tool_calls"),
    ],
    content: [
      { type: "text", text: "a" },
      thinking("", "headgate.gemini.text.g"),
      thinking("", "headgate.gemini.call.g"),
      toolUse(0, {}),
      { type: "redacted_thinking", data: "headgate.openai.thought.o" },
      thinking("", "headgate.gemini.thought.g"),
    ],
    stop: "tool_use",
  },
  {
    name: "calls that grow side by side, one after the other",
    events: [
      call(0),
      call(1),
      args(1, '{"b":'),
      args(0, '{"a"'),
      args(1, "2}"),
      args(0, ":1}"),
      finish("tool_calls"),
    ],
    content: [toolUse(0, { a: 1 }), toolUse(1, { b: 2 })],
    stop: "tool_use",
  },
  {
    name: "calls without arguments",
    events: [text("ok"), call(0), call(1), args(1, "{}"), finish("tool_calls")],
    content: [{ type: "text", text: "ok" }, toolUse(0, {}), toolUse(1, {})],
    stop: "tool_use",
  },
  {
    name: "text behind a call that is not whole",
    events: [call(0), args(0, '{"a"'), text("x"), args(0, ":1}"), finish("tool_calls")],
    content: [toolUse(0, { a: 1 }), { type: "text", text: "x" }],
    stop: "tool_use",
  },
  {
    name: "a call's caller",
    events: [
      call(0, { more: { dialect: "anthropic", members: { caller: { type: "direct" } } } }),
      args(0, "{}"),
      finish("tool_calls"),
    ],
    content: [{ ...toolUse(0, {}), caller: { type: "direct" } }],
    stop: "tool_use",
  },
  {
    name: "a refusal as text",
    events: [{ type: "refusal-delta", choice: 0, text: "No" }, finish("stop")],
    content: [{ type: "text", text: "No" }],
  },
  {
    name: "links",
    events: [
      text("See here"),
      {
        type: "citation",
        choice: 0,
        annotation: {
          type: "url_citation",
          url_citation: { url: "https://x", title: "X", start_index: 4, end_index: 8 },
        },
      },
      finish("stop"),
    ],
    content: [
      {
        type: "text",
        text: "See here",
        citations: [
          {
            type: "web_search_result_location",
            url: "https://x",
            title: "X",
            cited_text: "here",
            encrypted_index: "",
          },
        ],
      },
    ],
  },
  {
    name: "blocks of Anthropic's own, not of others",
    events: [
      {
        type: "opaque",
        choice: 0,
        dialect: "anthropic",
        value: { type: "container_upload", file_id: "f" },
      },
      { type: "opaque", choice: 0, dialect: "gemini", value: {} },
      finish("stop"),
    ],
    content: [{ type: "container_upload", file_id: "f" }],
  },
  {
    name: "the first choice alone",
    events: [
      { type: "text-delta", choice: 1, text: "b" },
      text("a"),
      finish("stop"),
      { ...finish("stop"), choice: 1 } as ChatEvent,
    ],
    content: [{ type: "text", text: "a" }],
  },
  {
    name: "Anthropic's own word for the end",
    events: [text("a"), finish("stop", { native: "pause_turn" })],
    content: [{ type: "text", text: "a" }],
    stop: "pause_turn",
  },
  {
    name: "another's not",
    events: [text("a"), finish("stop", { native: "STOP" })],
    content: [{ type: "text", text: "a" }],
  },
];

describe("an answer in Anthropic's dialect", () => {
  it.each(rows)("has $name", ({ events, content, stop = "end_turn" }) => {
    expect(answer([start, ...events, usage])).toEqual({
      id: "msg_chatcmpl-1",
      type: "message",
      role: "assistant",
      model: "gpt-x-1",
      content,
      stop_reason: stop,
      stop_sequence: null,
      stop_details: null,
      usage: counts,
    });
  });

  it.each(rows)(
    "has $name in a stream, for either SDK",
    async ({ events, content, stop = "end_turn" }) => {
      const written = stream([start, ...events, usage]);
      for (const client of clients(written)) {
        const message = await client();
        expect(message).toMatchObject({
          id: "msg_chatcmpl-1",
          model: "gpt-x-1",
          stop_reason: stop,
        });
        expect(JSON.parse(JSON.stringify(message)).content).toEqual(content);
        expect(message.usage).toMatchObject({
          input_tokens: 5,
          cache_read_input_tokens: 3,
          output_tokens: 5,
        });
      }
    },
  );

  it("says which stop sequence was met", () => {
    const events = [start, text("a"), finish("stop", { stopSequence: "END" })];
    expect(answer(events)).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
    expect(parsed(stream(events)).at(-2)).toMatchObject({
      delta: { stop_reason: "stop_sequence", stop_sequence: "END" },
    });
  });

  it("is a stream of Anthropic's events in their order", () => {
    const written = parsed(
      stream([
        start,
        usage,
        thought("hm"),
        text("a"),
        call(0),
        args(0, "{}"),
        finish("tool_calls"),
      ]),
    );
    expect(
      written.map(({ type, index }) => (index === undefined ? type : `${type} ${index}`)),
    ).toEqual([
      "message_start",
      "ping",
      "content_block_start 0",
      "content_block_delta 0",
      "content_block_stop 0",
      "content_block_start 1",
      "content_block_delta 1",
      "content_block_stop 1",
      "content_block_start 2",
      "content_block_delta 2",
      "content_block_stop 2",
      "message_delta",
      "message_stop",
    ]);
    expect(written[0]).toMatchObject({
      message: { content: [], stop_reason: null, usage: counts },
    });
    expect(written.at(-2)).toMatchObject({ delta: { stop_reason: "tool_use" }, usage: counts });
  });

  it("shows each piece as it comes", () => {
    const writer = anthropicDialect.streamWriter(context);
    expect(writer.write([start, usage])).toBe("");
    expect(writer.write([text("a")])).toContain('"text":"a"');
    expect(writer.write([call(0)])).toContain("content_block_start");
    expect(writer.write([args(0, '{"x"')])).toContain("partial_json");
    expect(writer.write([call(1), args(1, '{"y":1}')])).toBe("");
    expect(writer.write([args(0, ":1}")])).toContain('"id":"c1"');
  });

  it("breaks off with an error that either SDK raises", async () => {
    const writer = anthropicDialect.streamWriter(context);
    const error = {
      message: "It broke.",
      type: "server_error",
      param: null,
      code: null,
      status: 502,
    };
    const written = writer.write([start, text("a")]) + writer.fail(error);
    expect(written).not.toContain("message_stop");
    for (const client of clients(written)) await expect(client()).rejects.toThrow("It broke.");
  });

  it("has blocks one after the other, each closed, and all arguments, however calls interleave", () => {
    const piece = fc.record({
      index: fc.nat({ max: 3 }),
      kind: fc.constantFrom("call", "text", "thought", "end"),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const seen = new Map<number, number>();
        const events: ChatEvent[] = [start];
        for (const { index, kind } of pieces) {
          if (kind === "text") events.push(text("t"));
          else if (kind === "thought") events.push(thought("r"));
          else if (kind === "end") continue;
          else {
            if (!seen.has(index)) events.push(call(index));
            const n = seen.get(index) ?? 0;
            seen.set(index, n + 1);
            events.push(args(index, n === 0 ? '{"n":[0' : `,${n}`));
          }
        }
        for (const index of seen.keys()) events.push(args(index, "]}"));
        const written = parsed(stream([...events, finish("stop")]));
        let open: unknown;
        let next = 0;
        const inputs = new Map<unknown, string>();
        let id: unknown;
        for (const event of written) {
          if (event["type"] === "content_block_start") {
            expect(open).toBeUndefined();
            expect(event["index"]).toBe(next++);
            open = event["index"];
            id = (event["content_block"] as Json)["id"];
          } else if (event["type"] === "content_block_delta") {
            expect(event["index"]).toBe(open);
            const { partial_json: json } = event["delta"] as { partial_json?: string };
            if (json !== undefined) inputs.set(id, (inputs.get(id) ?? "") + json);
          } else if (event["type"] === "content_block_stop") {
            expect(event["index"]).toBe(open);
            open = undefined;
          }
        }
        expect(open).toBeUndefined();
        for (const [index, count] of seen) {
          const n = Array.from({ length: count }, (_, i) => i);
          expect(JSON.parse(inputs.get(`c${index}`) ?? "")).toEqual({ n });
        }
      }),
    );
  });
});

/** The message each SDK's stream helper makes of a stream. */
function clients(written: string): (() => Promise<Pick<Anthropic.Message, "content" | "usage">>)[] {
  const fetch = async (): Promise<Response> =>
    new Response(written, { headers: { "content-type": "text/event-stream" } });
  const options = { apiKey: "k", baseURL: "http://127.0.0.1", maxRetries: 0, fetch };
  const params = {
    model: "m",
    max_tokens: 9,
    messages: [{ role: "user" as const, content: "Hi" }],
  };
  return [
    () => new Anthropic(options).messages.stream(params).finalMessage(),
    () =>
      new AnthropicSdk0(options).messages
        .stream(params)
        .finalMessage() as Promise<Anthropic.Message>,
  ];
}

describe("an error in Anthropic's dialect", () => {
  it.each([
    [400, null, "invalid_request_error", 400],
    [401, "invalid_api_key", "authentication_error", 401],
    [402, null, "billing_error", 402],
    [403, "model_not_allowed", "permission_error", 403],
    [404, "model_not_found", "not_found_error", 404],
    [413, "request_too_large", "request_too_large", 413],
    [422, null, "invalid_request_error", 422],
    [429, "rate_limit_exceeded", "rate_limit_error", 429],
    [500, null, "api_error", 500],
    [502, "upstream_unavailable", "api_error", 502],
    [503, "no_deployment", "overloaded_error", 503],
    [503, "server_is_overloaded", "overloaded_error", 529],
    [504, "upstream_timeout", "timeout_error", 504],
    [529, null, "overloaded_error", 529],
  ])("%s %s is %s, with status %s", (status, code, type, written) => {
    const fields = { status, code, message: "m", type: "x", param: null };
    expect(anthropicErrorBody(fields, "req-1")).toEqual({
      type: "error",
      error: { type, message: "m" },
      request_id: "req-1",
    });
    expect(anthropicErrorStatus(fields)).toBe(written);
  });
});
