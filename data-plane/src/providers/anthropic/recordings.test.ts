import { parseJson } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import type { StreamReader } from "../provider-api.ts";
import { anthropicApi } from "./api.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "anthropic", members: {} },
};

describeExchanges("Anthropic's recorded answers", (exchanges) => {
  const all = exchanges.list({ providers: ["anthropic"], kinds: ["messages"] });
  const good = all.filter(({ response }) => response.status === 200);
  const streams = good.filter(({ response }) => response.chunks);
  const plain = good.filter(({ response }) => !response.chunks);
  const failed = all.filter(({ response }) => response.status !== 200);

  it.each(named(plain))("$name is read whole", ({ exchange }) => {
    const body = parseJson(exchangeBytes(exchange).toString());
    const collected = collectAnswer(anthropicApi.chat.answer(body, request));
    expect(collected.kind).toBe("answer");
    if (collected.kind !== "answer") return;
    const recorded = body as Message;
    const { answer } = collected;
    expect(answer).toMatchObject({ id: recorded.id, model: recorded.model });
    expect(answer.choices[0]?.finish.native).toBe(recorded.stop_reason);
    expect(answer.choices[0]?.parts.map(shortForm)).toEqual(recorded.content.map(shortForm));
    expect(answer.usage).toMatchObject(inclusive(recorded.usage));
  });

  it.each(named(streams))("$name gives the same events however it is cut", ({ exchange }) => {
    const bytes = exchangeBytes(exchange);
    const whole = readInPieces(bytes, bytes.length);
    expect(whole.reader.complete).toBe(true);
    for (let size = 1; size < 48; size++) {
      expect(readInPieces(bytes, size).events, `${size} bytes`).toEqual(whole.events);
    }
    expect(collectAnswer(whole.events).kind).toBe("answer");
    const counts = [...bytes.toString().matchAll(/"output_tokens":(\d+)/g)].map(([, n]) =>
      Number(n),
    );
    const usage = whole.events.findLast(({ type }) => type === "usage");
    expect(usage).toMatchObject({ usage: { outputTokens: counts.at(-1) } });
  });

  it.each(named(streams))("$name is not complete when it is cut off", ({ exchange }) => {
    const bytes = exchangeBytes(exchange);
    const lastEvent = bytes.lastIndexOf("event:");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        const { events, reader } = readInPieces(bytes.subarray(0, length), 1000);
        const complete = length > bytes.lastIndexOf("}");
        expect(reader.complete).toBe(complete);
        expect(collectAnswer(events).kind).toBe(complete ? "answer" : "incomplete");
        if (length < lastEvent) expect(reader.complete).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it.each(named(failed))("$name is understood", ({ exchange }) => {
    const { status, headers } = exchange.response;
    const error = anthropicApi.classifyError({ status, headers, body: exchangeBytes(exchange) });
    const expected: Record<string, string> = { 401: "credential_rejected", 404: "model_not_found" };
    expect(error.status).toBe(status);
    expect(error.message).not.toBe("");
    const tooLong = error.message.includes("too long");
    expect(error.kind).toBe(expected[status] ?? (tooLong ? "context_too_long" : "invalid_request"));
  });
});

interface Message {
  readonly id: string;
  readonly model: string;
  readonly stop_reason: string;
  readonly content: readonly Record<string, unknown>[];
  readonly usage: Record<string, number | undefined>;
}

function named(exchanges: readonly Exchange[]): { name: string; exchange: Exchange }[] {
  return exchanges.map((exchange) => ({ name: exchange.name, exchange }));
}

function readInPieces(
  bytes: Buffer,
  size: number,
): { events: readonly ChatEvent[]; reader: StreamReader } {
  const reader = anthropicApi.chat.stream(request);
  const events: ChatEvent[] = [];
  for (let at = 0; at < bytes.length; at += size)
    events.push(...reader.push(bytes.subarray(at, at + size)));
  events.push(...reader.end());
  return { events, reader };
}

/** What both forms say of a part. */
function shortForm(part: object): unknown {
  const one = part as Record<string, unknown>;
  switch (one["type"]) {
    case "text":
      return one["text"];
    case "thinking":
      return [one["thinking"], one["signature"]];
    case "reasoning":
      return [one["text"], (one["signature"] as { value: string }).value];
    case "redacted_thinking":
      return { hidden: one["data"] };
    case "redacted-reasoning":
      return { hidden: (one["data"] as { value: string }).value };
    case "tool_use":
      return [one["id"], one["name"], one["input"]];
    case "tool-call":
      return [one["id"], one["name"], parseJson(String(one["arguments"]))];
    case "opaque":
      return one["value"];
    default:
      return one;
  }
}

function inclusive(usage: Message["usage"]): object {
  const {
    input_tokens: fresh = 0,
    cache_read_input_tokens: read = 0,
    cache_creation_input_tokens: written = 0,
  } = usage;
  return { inputTokens: fresh + read + written, outputTokens: usage["output_tokens"] };
}
