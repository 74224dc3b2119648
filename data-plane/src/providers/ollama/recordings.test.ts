import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { type Reading, readRaw, servable, VendorReader } from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { ollamaApi } from "./api.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};

describeExchanges("recorded answers of Ollama's own API", (library) => {
  const exchanges = library.list({ kinds: ["ollama-chat", "ollama-generate"] }).map(servable);
  const streams = exchanges.filter(({ stream }) => stream);
  let reader: VendorReader;
  beforeAll(async () => {
    reader = await VendorReader.start();
  });
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  it("are there", () => {
    expect(streams.length).toBeGreaterThanOrEqual(4);
    expect(exchanges.length).toBeGreaterThanOrEqual(11);
  });

  it.each(exchanges)(
    "$name: says what the bytes say, and the official client",
    async (exchange) => {
      const said = readingOf(exchange);
      expect(said).toEqual(readRaw(exchange));
      expect(said).toEqual(await reader.withClient(exchange));
    },
  );

  describe.each(streams)("$name", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const whole = eventsOf(bytes, bytes.length);
    // Large recordings: every size up to a few lines, and then some.
    const step = (size: number) => (size < 400 ? 1 : Math.ceil(bytes.length / 50));

    it("is the same at every size of chunks", () => {
      for (let size = 1; size < bytes.length; size += step(size)) {
        expect(eventsOf(bytes, size)).toEqual(whole);
      }
    });

    it("is not complete when cut anywhere before its last line", () => {
      const lastLineAt = bytes.lastIndexOf("\n", bytes.length - 2) + 1;
      const lastBrace = bytes.lastIndexOf("}");
      const stream = ollamaApi.chat.stream(request);
      for (let at = 0; at < lastBrace; at++) {
        stream.push(bytes.subarray(at, at + 1));
        expect(stream.complete).toBe(false);
      }
      for (let length = 1; length <= lastBrace; length += length < lastLineAt - 100 ? 997 : 1) {
        const cut = eventsOf(bytes.subarray(0, length), 64);
        expect(cut.complete).toBe(false);
        expect(cut.events).toEqual(whole.events.slice(0, cut.events.length));
      }
    });
  });

  it("are errors where the vendor answers with one", () => {
    const failed = exchanges.filter(({ response }) => response.status >= 400);
    expect(failed.length).toBeGreaterThan(0);
    for (const exchange of failed) {
      const { status, headers } = exchange.response;
      const error = ollamaApi.classifyError({ status, headers, body: exchangeBytes(exchange) });
      expect(error).toMatchObject({ status: 404, kind: "model_not_found" });
    }
  });
});

describeExchanges("recorded embeddings of Ollama's own API", (library) => {
  const exchanges = library.list({
    providers: ["ollama"],
    where: ({ request: sent, response }) =>
      response.status === 200 && (sent?.path.includes("/api/embed") ?? false),
  });

  it("are the vendor's numbers", () => {
    for (const exchange of exchanges) {
      const body: unknown = JSON.parse(exchangeBytes(exchange).toString());
      const asked = { input: ["x"], more: { dialect: "openai", members: {} } } as const;
      const { embeddings, embedding } = isRecord(body) ? body : {};
      const answer = ollamaApi.embeddings?.answer(body, asked);
      expect(answer?.vectors).toEqual(embeddings ?? [embedding]);
    }
  });
});

function eventsOf(bytes: Buffer, size: number) {
  const stream = ollamaApi.chat.stream(request);
  const events: ChatEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...stream.push(bytes.subarray(at, at + size)));
  }
  return { events: [...events, ...stream.end()], complete: stream.complete };
}

/** Our reading of an exchange, in the words of the other two. */
function readingOf(exchange: Exchange): Reading {
  const { status, headers } = exchange.response;
  const bytes = exchangeBytes(exchange);
  if (status >= 400) {
    const error = ollamaApi.classifyError({ status, headers, body: bytes });
    return { kind: "error", status: error.status };
  }
  const { events, complete } = exchange.stream
    ? eventsOf(bytes, 100)
    : { events: ollamaApi.chat.answer(JSON.parse(bytes.toString()), request), complete: true };
  expect(complete).toBe(true);
  const collected = collectAnswer(events);
  if (collected.kind === "incomplete") throw new Error("no choice was finished");
  if (collected.kind === "error") {
    return { kind: "error", status: collected.error.status };
  }
  const { choices, usage } = collected.answer;
  return {
    kind: "answer",
    choices: choices.map(({ parts, finish }) => ({
      text: parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
      refusal: "",
      reasoning: parts.map((part) => (part.type === "reasoning" ? part.text : "")).join(""),
      toolCalls: parts.flatMap((part) =>
        part.type === "tool-call"
          ? [{ id: part.id, name: part.name, arguments: JSON.parse(part.arguments) }]
          : [],
      ),
      finish: finish.reason,
    })),
    ...(usage && {
      usage: {
        input: usage.inputTokens,
        output: usage.outputTokens,
        cachedInput: 0,
        reasoning: 0,
      },
    }),
  };
}
