import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GoogleGenAI } from "@google/genai";
import { isRecord, parseJson } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AnswerPart } from "../../chat/chat-answer.ts";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { type Collected, collectAnswer } from "../../chat/collect-answer.ts";
import { geminiApi } from "./api.ts";

describeExchanges("Gemini's and Vertex's recorded answers", (exchanges) => {
  const recorded = exchanges.list({
    providers: ["gemini", "vertex"],
    kinds: ["generateContent", "streamGenerateContent"],
    where: ({ response }) => response.status === 200,
  });
  const streams = recorded.filter(isEventStream);
  const server = new OneAnswerServer();
  beforeAll(() => server.start());
  afterAll(() => server.stop());

  it("are there", () => {
    expect(recorded.length).toBeGreaterThan(60);
    expect(streams.length).toBeGreaterThan(25);
  });

  it.each(recorded)("$name: says what its JSON says", (exchange) => {
    const chunks = chunksOf(exchange);
    const collected = collectAnswer(read(exchange));
    const native = chunks.map(finishOf).filter((reason) => reason !== undefined);
    const blocked = chunks.map(({ promptFeedback }) => promptFeedback?.blockReason).find(Boolean);
    if (native.length === 0 && blocked === undefined)
      return expect(collected.kind).toBe("incomplete");
    if (collected.kind === "error") {
      expect(native.at(-1)).toMatch(/OTHER|MALFORMED|UNEXPECTED/);
      return;
    }
    const answer = answerOf(collected);
    const [choice] = answer.choices;
    expect(choice?.finish.native).toBe(String(native.at(-1) ?? blocked));
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    expect(textOf(choice?.parts)).toBe(joined(parts.filter(({ thought }) => !thought)));
    expect(thoughtsOf(choice?.parts)).toBe(joined(parts.filter(({ thought }) => thought)));
    const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
    expect(callsOf(choice?.parts).map(({ name, args }) => ({ name, args }))).toEqual(
      calls.map(({ name, args }) => ({ name, args: args ?? {} })),
    );
    for (const [at, { id }] of calls.entries()) {
      if (id !== undefined) expect(callsOf(choice?.parts)[at]?.id).toBe(id);
    }
    const signatures = parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? []);
    expect(signaturesOf(choice?.parts)).toEqual(signatures);
    expect(usageOf(collected)).toEqual(plainUsage(chunks));
    expect(answer.id).toBe(chunks[0]?.responseId);
    expect(answer.model).toBe(chunks[0]?.modelVersion);
  });

  it.each(recorded.filter((exchange) => isEventStream(exchange) || !isList(exchange)))(
    "$name: says what Google's own client reads",
    async (exchange) => {
      const theirs = await server.readWithGoogle(exchange);
      const collected = collectAnswer(read(exchange));
      if (collected.kind !== "answer") return;
      const parts = collected.answer.choices[0]?.parts;
      expect(textOf(parts)).toBe(theirs.text);
      expect(callsOf(parts).map(({ name, args }) => ({ name, args }))).toEqual(theirs.calls);
      expect(usageOf(collected)?.total ?? 0).toBe(theirs.total);
      expect(collected.answer.choices[0]?.finish.native).toBe(theirs.finish);
    },
  );

  it.each(recorded)("$name: goes back to Gemini with all it wants back", (exchange) => {
    const collected = collectAnswer(read(exchange));
    if (collected.kind !== "answer") return;
    const [first] = collected.answer.choices;
    const messages = [{ role: "assistant", content: first?.parts ?? [] } as const];
    const { body } = geminiApi.chat.request({ ...request, messages }, target);
    const [turn] = body["contents"] as { parts: readonly Part[] }[];
    const theirs = chunksOf(exchange).flatMap(
      (chunk) => chunk.candidates?.[0]?.content?.parts ?? [],
    );
    const kept = (part: Part) => ({ call: part.functionCall, signature: part.thoughtSignature });
    const isKept = (part: Part) => part.functionCall ?? part.thoughtSignature;
    const fromGemini = theirs.some(({ thoughtSignature }) => thoughtSignature);
    expect(turn?.parts.filter(isKept).map(kept)).toEqual(
      theirs.filter(isKept).map((part) => {
        const { id, ...unnamed } = part.functionCall ?? {};
        const named = fromGemini && id !== undefined ? { id, ...unnamed } : unnamed;
        return { call: part.functionCall && named, signature: part.thoughtSignature };
      }),
    );
    expect(joined((turn?.parts ?? []).filter(({ thought }) => !thought))).toBe(
      textOf(first?.parts),
    );
  });

  it.each(streams)("$name: is the same however it is cut", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const whole = readStream(bytes, bytes.length).events;
    for (let size = 1; size <= Math.min(bytes.length, 600); size++) {
      expect(readStream(bytes, size).events).toEqual(whole);
    }
  });

  it.each(streams)("$name: is never whole when it was broken off", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const end = firstFinish(bytes);
    const step = bytes.length > 6_000 ? 37 : 1;
    for (let length = 0; length < end; length += step) {
      const { complete, events } = readStream(bytes.subarray(0, length), 512);
      expect(complete, `${length} bytes`).toBe(false);
      expect(collectAnswer(events).kind, `${length} bytes`).toBe("incomplete");
    }
  });

  it.each(recorded.filter((each) => citedSegments(each).length > 0))(
    "$name: cites the very words that Google does",
    (exchange) => {
      const answer = answerOf(collectAnswer(read(exchange)));
      const text = textOf(answer.choices[0]?.parts);
      const annotations = (answer.choices[0]?.parts ?? []).flatMap((part) =>
        part.type === "text" ? (part.annotations ?? []) : [],
      );
      const cited = annotations.map(({ url_citation: { start_index, end_index } }) =>
        text.slice(start_index, end_index),
      );
      expect(cited).toEqual(citedSegments(exchange));
    },
  );
});

const request: ChatRequest = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};

const target = {
  model: "gemini-2.5-flash",
  basePath: "/v1beta",
  apiVersion: "",
  keepAlive: "",
  project: "",
  location: "",
};

interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args?: unknown };
}

/** As Google documents it; the recordings are trusted to follow. */
interface Chunk {
  readonly responseId?: string;
  readonly modelVersion?: string;
  readonly promptFeedback?: { readonly blockReason?: string };
  readonly usageMetadata?: Readonly<Record<string, number>>;
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly Part[] };
    readonly finishReason?: string;
    readonly groundingMetadata?: {
      readonly groundingChunks?: readonly unknown[];
      readonly groundingSupports?: readonly {
        readonly segment: { readonly text: string };
        readonly groundingChunkIndices: readonly number[];
      }[];
    };
  }[];
}

function isEventStream(exchange: Exchange): boolean {
  return exchangeBytes(exchange).subarray(0, 5).toString() === "data:";
}

function isList(exchange: Exchange): boolean {
  return Array.isArray(parseJson(exchangeBytes(exchange).toString()));
}

function chunksOf(exchange: Exchange): readonly Chunk[] {
  const text = exchangeBytes(exchange).toString();
  if (!isEventStream(exchange)) return [JSON.parse(text)].flat();
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => JSON.parse(line.slice("data:".length)));
}

function read(exchange: Exchange): readonly ChatEvent[] {
  const bytes = exchangeBytes(exchange);
  if (isEventStream(exchange)) return readStream(bytes, 1000).events;
  return geminiApi.chat.answer(JSON.parse(bytes.toString()), request);
}

function readStream(bytes: Buffer, size: number) {
  const reader = geminiApi.chat.stream(request);
  const events: ChatEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...reader.push(bytes.subarray(at, at + size)));
  }
  events.push(...reader.end());
  return { events, complete: reader.complete };
}

/** Bytes up to which nothing in the stream says that it is whole. */
function firstFinish(bytes: Buffer): number {
  let at = 0;
  for (const line of bytes.toString("latin1").split("\n")) {
    if (/"(finishReason|blockReason)"/.test(line)) return at + line.trimEnd().length;
    at += line.length + 1;
  }
  return bytes.length;
}

function finishOf(chunk: Chunk): unknown {
  return chunk.candidates?.[0]?.finishReason;
}

function answerOf(collected: Collected) {
  if (collected.kind !== "answer") throw new Error(`no answer: ${JSON.stringify(collected)}`);
  return collected.answer;
}

function textOf(parts: readonly AnswerPart[] | undefined): string {
  return (parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}

function thoughtsOf(parts: readonly AnswerPart[] | undefined): string {
  return (parts ?? []).map((part) => (part.type === "reasoning" ? part.text : "")).join("");
}

function callsOf(parts: readonly AnswerPart[] | undefined) {
  return (parts ?? []).flatMap((part) =>
    part.type === "tool-call" ? [{ ...part, args: JSON.parse(part.arguments) }] : [],
  );
}

function signaturesOf(parts: readonly AnswerPart[] | undefined): readonly string[] {
  return (parts ?? []).flatMap((part) =>
    "signature" in part && part.signature ? [part.signature.value] : [],
  );
}

function joined(parts: readonly Part[]): string {
  return parts.map(({ text }) => text ?? "").join("");
}

function usageOf(collected: Collected) {
  const { usage } = answerOf(collected);
  if (!usage) return undefined;
  const { inputTokens: input, outputTokens: output } = usage;
  const { cachedInputTokens: cached = 0, reasoningTokens: thoughts = 0 } = usage;
  return { input, output, cached, thoughts, total: input + output };
}

function plainUsage(chunks: readonly Chunk[]) {
  const counts = chunks
    .map(({ usageMetadata }) => usageMetadata)
    .findLast((usage) => usage?.["promptTokenCount"] !== undefined);
  if (!counts) return undefined;
  const of = (name: string) => counts[name] ?? 0;
  const input = of("promptTokenCount") + of("toolUsePromptTokenCount");
  const thoughts = of("thoughtsTokenCount");
  const output = of("candidatesTokenCount") + thoughts;
  return { input, output, thoughts, cached: of("cachedContentTokenCount"), total: input + output };
}

function citedSegments(exchange: Exchange): readonly string[] {
  return chunksOf(exchange)
    .map(({ candidates }) => candidates?.[0]?.groundingMetadata)
    .flatMap((grounding) =>
      (grounding?.groundingSupports ?? []).flatMap(({ segment, groundingChunkIndices: indices }) =>
        indices.flatMap((index) =>
          isRecord(grounding?.groundingChunks?.[index]) ? [segment.text] : [],
        ),
      ),
    );
}

/** Plays one recorded answer to Google's own client. */
class OneAnswerServer {
  #bytes: Buffer = Buffer.alloc(0);
  #contentType = "application/json";
  readonly #server = createServer((incoming, response) => {
    incoming.resume();
    response.writeHead(200, { "content-type": this.#contentType }).end(this.#bytes);
  });

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }

  async readWithGoogle(exchange: Exchange) {
    // Some recorders cut the last empty line, which this client insists on.
    const end = Buffer.from(isEventStream(exchange) ? "\n\n" : "");
    this.#bytes = Buffer.concat([exchangeBytes(exchange), end]);
    this.#contentType = isEventStream(exchange) ? "text/event-stream" : "application/json";
    const { port } = this.#server.address() as AddressInfo;
    const client = new GoogleGenAI({
      apiKey: "test",
      vertexai: exchange.provider === "vertex",
      httpOptions: { baseUrl: `http://127.0.0.1:${port}` },
    });
    const asked = { model: "gemini-2.5-flash", contents: "Hi" };
    const chunks = [];
    if (isEventStream(exchange)) {
      for await (const chunk of await client.models.generateContentStream(asked))
        chunks.push(chunk);
    } else {
      chunks.push(await client.models.generateContent(asked));
    }
    const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
    const usage = chunks.findLast(
      ({ usageMetadata: counted }) => counted?.promptTokenCount,
    )?.usageMetadata;
    return {
      text: parts.map(({ text, thought }) => (thought ? "" : (text ?? ""))).join(""),
      calls: parts.flatMap(({ functionCall: call }) =>
        call ? [{ name: call.name, args: call.args ?? {} }] : [],
      ),
      total:
        (usage?.promptTokenCount ?? 0) +
        (usage?.toolUsePromptTokenCount ?? 0) +
        (usage?.candidatesTokenCount ?? 0) +
        (usage?.thoughtsTokenCount ?? 0),
      finish:
        chunks.map(({ candidates }) => candidates?.[0]?.finishReason).findLast(Boolean) ??
        chunks.map(({ promptFeedback }) => promptFeedback?.blockReason).findLast(Boolean),
    };
  }
}
