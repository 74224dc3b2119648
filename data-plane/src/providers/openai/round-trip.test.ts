import { isRecord, parseJson, usageFromOpenAi } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import fc from "fast-check";
import OpenAI from "openai";
import { expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import type { WriteContext } from "../../dialects/dialect.ts";
import { openAiChatDialect } from "../../dialects/openai-chat/dialect.ts";
import { openAiCompletionsDialect } from "../../dialects/openai-completions/dialect.ts";
import { openAiCompatibleApi } from "./api.ts";

const { chat } = openAiCompatibleApi;
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
/** Providers whose chat API is not OpenAI's. */
const others: ReadonlySet<string> = new Set(["cohere", "vertex"]);

describeExchanges("OpenAI's answers, read and written again", (exchanges) => {
  const schema = openAiSchemaOrNotice("OpenAI's answers, read and written again");
  const recorded = exchanges
    .list({ kinds: ["chat"], where: ({ response }) => response.status === 200 })
    .filter(({ provider }) => !others.has(provider));
  const plain = recorded.filter((exchange) => !exchange.stream && bodyOf(exchange) !== null);
  const streams = recorded.filter(({ stream }) => stream);
  const whole = streams.filter((exchange) => !exchangeBytes(exchange).includes('"error":{'));

  it.each(plain)("says the same in a whole answer: $name", (exchange) => {
    const body = bodyOf(exchange);
    const collected = collectAnswer(chat.answer(body, request));
    if (collected.kind !== "answer") throw new Error(collected.kind);
    const written = openAiChatDialect.writeAnswer(collected.answer, context);
    expect(schema?.problems("chat", written) ?? []).toEqual([]);
    expect(meaningOf(written)).toEqual(meaningOf(body));
    const completion = openAiCompletionsDialect.writeAnswer(collected.answer, context);
    expect(schema?.problems("completion", completion) ?? []).toEqual([]);
  });

  it.each(whole)("says the same in a stream: $name", async (exchange) => {
    const bytes = exchangeBytes(exchange);
    const events = read(bytes, bytes.length);
    const text = write(events);
    for (const data of dataOf(text)) expect(schema?.problems("chat-chunk", data) ?? []).toEqual([]);
    const [ours, theirs] = [await assemble(text), await assemble(bytes.toString())];
    expect(meaningOf(ours)).toEqual(meaningOf(theirs));
    const completion = write(events, openAiCompletionsDialect);
    for (const data of dataOf(completion)) {
      expect(schema?.problems("completion-chunk", data) ?? []).toEqual([]);
    }
  });

  it.each(streams)("reads the same however it is cut: $name", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const expected = read(bytes, bytes.length);
    for (const size of [1, 2, 3, 7, 64, 333, 1024, 4096])
      expect(read(bytes, size)).toEqual(expected);
    const collected = collectAnswer(expected);
    expect(collected.kind).toBe(whole.includes(exchange) ? "answer" : "error");
  });

  it.each(streams)("is not whole when cut before its end: $name", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const ends = bytes.lastIndexOf('"finish_reason":"');
    const from = bytes.includes('"error"') ? 0 : ends;
    for (let at = 0; at < from; at += Math.ceil(from / 200)) {
      const reader = chat.stream(request);
      reader.push(bytes.subarray(0, at));
      reader.end();
      const told = /"finish_reason": ?"[^"]|\[DONE\]/.test(bytes.toString("utf8", 0, at));
      if (!told) expect(reader.complete).toBe(false);
    }
  });

  it("never throws, whatever it is given", () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.string({ maxLength: 9 })), { maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...recorded), edits, (exchange, changes) => {
        const bytes = mutated(exchangeBytes(exchange), changes);
        write(read(bytes, 211).filter(({ type }) => type !== "error"));
        collectAnswer(chat.answer(parseJson(bytes.toString()), request));
      }),
      { numRuns: 300 },
    );
  });

  it("never throws, whatever JSON it is given", () => {
    const keys = fc.constantFrom(
      ...["choices", "delta", "message", "content", "tool_calls", "function", "index", "id"],
      ...["usage", "error", "reasoning_details", "logprobs", "arguments", "name", "finish_reason"],
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, 0, -1, 1.5, "", "a", true),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(keys, tie("tree"), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        const chunk = {
          choices: [one, { delta: other, message: one }],
          ...(isRecord(one) ? one : {}),
        };
        chat.answer(chunk, request);
        read(
          Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: ${JSON.stringify(other)}\n\n`),
          50,
        );
      }),
      { numRuns: 500 },
    );
  });
});

function bodyOf(exchange: Exchange): unknown {
  return JSON.parse(exchangeBytes(exchange).toString());
}

function read(bytes: Buffer, size: number): readonly ChatEvent[] {
  const reader = chat.stream(request);
  const events: ChatEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...reader.push(bytes.subarray(at, at + size)));
  }
  events.push(...reader.end());
  return events;
}

function write(events: readonly ChatEvent[], dialect = openAiChatDialect): string {
  const writer = dialect.streamWriter(context);
  return events.map((event) => writer.write([event])).join("") + writer.end();
}

function dataOf(text: string): readonly unknown[] {
  const events = text.split("\n\n").filter((event) => event !== "" && event !== "data: [DONE]");
  return events.map((event) => JSON.parse(event.slice("data: ".length)));
}

/** What openai's own client makes of a stream. */
async function assemble(text: string): Promise<unknown> {
  const client = new OpenAI({
    apiKey: "k",
    fetch: async () =>
      new Response(text, { headers: { "content-type": "text/event-stream; charset=utf-8" } }),
  });
  const chunks = await client.chat.completions.create({
    model: "m",
    messages: [],
    stream: true,
  });
  let usage: unknown;
  const choices = new Map<number, Gathered>();
  for await (const chunk of chunks) {
    const seen: unknown = chunk;
    if (!isRecord(seen)) continue;
    const groq = seen["x_groq"];
    usage = seen["usage"] ?? (isRecord(groq) ? groq["usage"] : undefined) ?? usage;
    for (const [i, choice] of (chunk.choices ?? []).entries()) {
      const index = choice.index ?? i;
      choices.set(index, gather(choices.get(index), choice));
    }
  }
  const list = [...choices]
    .sort(([a], [b]) => a - b)
    .map(([, { message, finish_reason }]) => ({
      message: {
        ...message,
        tool_calls: Object.values(message.tool_calls),
      },
      finish_reason,
    }));
  return { choices: list, usage };
}

interface Gathered {
  message: {
    content: string;
    refusal: string;
    reasoning_content: string;
    tool_calls: Record<number, { id?: string; function: { name?: string; arguments: string } }>;
  };
  finish_reason: string | undefined;
}

/** As the client's own accumulator does, but leaving no quirk of a server a reason to throw. */
function gather(sofar: Gathered | undefined, choice: unknown): Gathered {
  const all: Gathered = sofar ?? {
    message: { content: "", refusal: "", reasoning_content: "", tool_calls: {} },
    finish_reason: undefined,
  };
  if (!isRecord(choice)) return all;
  const delta = isRecord(choice["delta"]) ? choice["delta"] : {};
  all.message.content += textOf(delta["content"]);
  all.message.refusal += textOf(delta["refusal"]);
  all.message.reasoning_content += textOf(delta["reasoning_content"] ?? delta["reasoning"]);
  if (typeof choice["finish_reason"] === "string") all.finish_reason ??= choice["finish_reason"];
  const calls: readonly unknown[] = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
  for (const [i, call] of calls.entries()) {
    if (!isRecord(call)) continue;
    const index = typeof call["index"] === "number" ? call["index"] : i;
    all.message.tool_calls[index] ??= { function: { arguments: "" } };
    const into = all.message.tool_calls[index];
    const called = isRecord(call["function"]) ? call["function"] : {};
    if (into && typeof call["id"] === "string" && call["id"] !== "") into.id ??= call["id"];
    if (into && typeof called["name"] === "string") into.function.name ??= called["name"];
    if (into) into.function.arguments += textOf(called["arguments"]);
  }
  return all;
}

/** What of an answer a client acts on, with the differences that mean nothing taken out. */
function meaningOf(answer: unknown): unknown {
  if (!isRecord(answer) || !Array.isArray(answer["choices"])) return answer;
  return {
    usage: { ...noDetails, ...usageFromOpenAi(answer["usage"]) },
    choices: answer["choices"].map((choice: unknown) => {
      const message = isRecord(choice) && isRecord(choice["message"]) ? choice["message"] : {};
      const calls = callsOf(message);
      const reason = isRecord(choice) ? choice["finish_reason"] : undefined;
      return {
        content: textOf(message["content"]),
        refusal: textOf(message["refusal"]),
        reasoning: reasoningOf(message),
        annotations: listOf(message["annotations"]),
        calls,
        finish: finishOf(reason, calls.length > 0),
      };
    }),
  };
}

/** What is not told is told as none. */
const noDetails = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 };

function finishOf(reason: unknown, calls: boolean): unknown {
  if (calls && reason !== "length" && reason !== "content_filter") return "tool_calls";
  return reason === "eos" || reason === "" || reason === null || reason === undefined
    ? "stop"
    : reason;
}

function callsOf(message: Readonly<Record<string, unknown>>): readonly unknown[] {
  return listOf(message["tool_calls"]).map((call) => {
    const called = isRecord(call) && isRecord(call["function"]) ? call["function"] : {};
    const text = called["arguments"];
    return {
      id: isRecord(call) && call["id"] !== "" ? call["id"] : expect.any(String),
      name: called["name"],
      arguments: typeof text === "string" ? text || "{}" : JSON.stringify(text),
    };
  });
}

function reasoningOf(message: Readonly<Record<string, unknown>>): string {
  const text = textOf(message["reasoning_content"] || message["reasoning"]);
  if (text !== "") return text;
  const parts = listOf(message["content"]).filter(isRecord);
  const thoughts = parts.flatMap((part) => listOf(part["thinking"]));
  const details = listOf(message["reasoning_details"]).filter(isRecord);
  return [...thoughts, ...details].map(textOf).join("");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(content: unknown): string {
  if (Array.isArray(content)) return content.map(textOf).join("");
  if (isRecord(content)) return textOf(content["text"] ?? content["summary"]);
  return typeof content === "string" ? content : "";
}

function mutated(bytes: Buffer, edits: readonly (readonly [number, string])[]): Buffer {
  let text = bytes.toString("latin1");
  for (const [place, insert] of edits) {
    const at = place % (text.length + 1);
    text = text.slice(0, at) + insert + text.slice(at + insert.length + 3);
  }
  return Buffer.from(text, "latin1");
}
