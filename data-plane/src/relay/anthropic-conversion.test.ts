import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anthropicApi } from "../providers/anthropic/api.ts";
import { anthropicRelay } from "./anthropic-conversion.ts";
import type { StreamConversion } from "./conversion.ts";

const event = (value: { readonly type: string }, end = "\n"): string =>
  `event: ${value.type}${end}data: ${JSON.stringify(value)}${end}${end}`;

const begin = {
  type: "message_start",
  message: { usage: { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 1 } },
};
const ping = { type: "ping" };
const block = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const text = {
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: 'é "type":"message_stop"' },
};
const ending = {
  type: "message_delta",
  delta: { stop_reason: "end_turn" },
  usage: { output_tokens: 9 },
};
const stop = { type: "message_stop" };
const busy = { type: "error", error: { type: "overloaded_error", message: "Busy" } };

function follow(...events: { readonly type: string }[]): StreamConversion {
  const stream = anthropicRelay().stream();
  for (const one of events) stream.push(Buffer.from(event(one)));
  return stream;
}

describe("anthropicRelay().stream()", () => {
  it("says that a whole answer is over where its provider does not", () => {
    const stream = follow(begin, block, text, ending);
    expect(stream.end().toString()).toBe(event(stop));
    expect([stream.done, stream.end().toString()]).toEqual([true, ""]);
    expect(follow(begin, block, text).end().toString()).toBe("");
  });

  it.each([
    ["nothing", [], { begun: false, complete: false, done: false }],
    ["signs of life", [begin, ping], { begun: false, complete: false, done: false }],
    ["the first content", [begin, ping, block], { begun: true, complete: false, done: false }],
    [
      "text that looks like an end",
      [begin, block, text],
      { begun: true, complete: false, done: false },
    ],
    [
      "a reason to stop",
      [begin, block, text, ending],
      { begun: true, complete: true, done: false },
    ],
    ["a reason to stop alone", [begin, ending], { begun: true, complete: true, done: false }],
    ["the end", [begin, block, text, ending, stop], { begun: true, complete: true, done: true }],
    ["an error at once", [busy], { begun: false, complete: true, done: false }],
  ])("knows where it is after %s", (_, events, state) => {
    const { begun, complete, done } = follow(...events);
    expect({ begun, complete, done }).toEqual(state);
  });

  it("counts as last told", () => {
    expect(follow(begin).usage).toEqual({ inputTokens: 7, outputTokens: 1, cachedInputTokens: 4 });
    expect(follow(begin, block, ending).usage).toEqual({
      inputTokens: 7,
      outputTokens: 9,
      cachedInputTokens: 4,
    });
    expect(follow(ping).usage).toBeUndefined();
  });

  it("tells an error that came first from a later one", () => {
    const error = { kind: "overloaded", status: 529, message: "Busy" };
    expect(follow(begin, ping, busy).error).toEqual({ error, first: true });
    expect(follow(begin, block, busy).error).toEqual({ error, first: false });
    expect(follow(begin, block, text).error).toBeUndefined();
  });

  it("passes on whole events only, and the last without its empty line", () => {
    const stream = anthropicRelay().stream();
    expect(stream.push(Buffer.from("event: ping\ndata: {"))).toHaveLength(0);
    expect(stream.push(Buffer.from('"type":"ping"}\n\nevent: mess')).toString()).toBe(event(ping));
    expect(stream.end()).toHaveLength(0);
    const cut = anthropicRelay().stream();
    const last = event(stop).trimEnd();
    expect(cut.push(Buffer.from(last))).toHaveLength(0);
    expect(cut.end().toString()).toBe(last);
    expect(cut.done).toBe(true);
  });

  it("reads lines that end with CR LF", () => {
    const stream = anthropicRelay().stream();
    const bytes = Buffer.from(
      [begin, block, ending, stop].map((one) => event(one, "\r\n")).join(""),
    );
    expect(stream.push(bytes)).toEqual(bytes);
    expect(stream.done).toBe(true);
    expect(stream.usage?.outputTokens).toBe(9);
  });

  it("holds no more than it must, and does not break off in the middle of an event", () => {
    const error = { message: "m", type: "server_error", param: null, code: null, status: 502 };
    const stream = anthropicRelay("req-1").stream();
    const told = stream.fail(error);
    expect(told).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"m"},"request_id":"req-1"}\n\n',
    );
    const huge = Buffer.from(`data: ${"x".repeat(2 * 1024 * 1024)}`);
    expect(stream.push(huge)).toEqual(huge);
    expect(stream.begun).toBe(true);
    expect(stream.fail(error)).toBe(`\n\n${told}`);
    stream.push(Buffer.from("\n\n"));
    expect(stream.fail(error)).toBe(told);
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constant('\n\ndata: {"type":"error"}\n\n'))),
        (pieces) => {
          const stream = anthropicRelay().stream();
          for (const piece of pieces) stream.push(Buffer.from(piece));
          stream.end();
          expect(stream.done).toBe(false);
        },
      ),
    );
  });
});

describe("anthropicRelay().plain()", () => {
  const plain = (body: string): unknown => anthropicRelay().plain(Buffer.from(body));
  it.each([
    [
      "a message",
      '{"content":[], "usage":{"input_tokens":1,"output_tokens":2}}',
      { kind: "answer", usage: { inputTokens: 1, outputTokens: 2 } },
    ],
    ["a count of tokens", '{"input_tokens":1}', { kind: "answer", usage: undefined }],
    ["an error", JSON.stringify(busy), { kind: "error", error: { kind: "overloaded" } }],
    ["nothing", "", { kind: "invalid", what: "an empty body" }],
    ["HTML", "<html>", { kind: "invalid", what: "a body that is not JSON" }],
    ["a list", "[]", { kind: "invalid", what: "JSON that is not a message" }],
  ])("judges %s", (_, body, result) => {
    expect(plain(body)).toMatchObject(result);
  });

  it("leaves the bytes alone", () => {
    expect(plain('{ "content":  [] }')).toMatchObject({ body: Buffer.from('{ "content":  [] }') });
  });
});

describeExchanges("Anthropic's recorded streams, relayed", (exchanges) => {
  const streams = exchanges
    .list({ providers: ["anthropic"], kinds: ["messages"], where: isStream })
    .map((exchange) => ({ name: exchange.name, exchange }));

  it.each(streams)("$name passes untouched, however it is cut", ({ exchange }) => {
    const bytes = exchangeBytes(exchange);
    const reader = anthropicApi.chat.stream({
      messages: [],
      tools: [],
      stream: true,
      more: { dialect: "anthropic", members: {} },
    });
    const usage = reader.push(bytes).findLast(({ type }) => type === "usage");
    for (const size of [1, 2, 3, 7, 64, 1000, bytes.length]) {
      const { passed, stream } = relayed(bytes, size);
      expect(passed).toEqual(bytes);
      expect(stream).toMatchObject({ begun: true, complete: true, done: true, error: undefined });
      expect(usage).toMatchObject({ usage: stream.usage });
    }
  });

  it.each(streams)("$name never shows half an event when it is cut off", ({ exchange }) => {
    const bytes = exchangeBytes(exchange);
    const text = bytes.toString("latin1");
    // With the reason to stop an answer is whole; the word for its end is put there if it is missing.
    const reasonEnds = text.lastIndexOf("}", text.lastIndexOf("event: message_stop"));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
        const { passed, stream } = relayed(bytes.subarray(0, length), 999);
        const sent = passed.toString("latin1").trimEnd();
        const own = text.startsWith(sent) ? sent : sent.slice(0, -event(stop).trimEnd().length);
        const said = own.trimEnd();
        expect(text.startsWith(said)).toBe(true);
        const rest = text.slice(said.length).trimStart();
        expect(rest === "" || rest.startsWith("event:")).toBe(true);
        expect(stream.done).toBe(length > reasonEnds);
      }),
      { numRuns: 200 },
    );
  });
});

function isStream({ response }: Exchange): boolean {
  return response.status === 200 && response.chunks !== undefined;
}

function relayed(bytes: Buffer, size: number): { passed: Buffer; stream: StreamConversion } {
  const stream = anthropicRelay().stream();
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size)
    pieces.push(stream.push(bytes.subarray(at, at + size)));
  pieces.push(stream.end());
  return { passed: Buffer.concat(pieces), stream };
}
