import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerPart } from "../../chat/chat-answer.ts";
import type { ChatEvent } from "../../chat/chat-event.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import type { WriteContext } from "../dialect.ts";
import { chatEvents } from "./chat-events.fixture.ts";
import { responsesDialect } from "./dialect.ts";
import { clients, eventsOf } from "./responses-client.fixture.ts";

const schema = openAiSchemaOrNotice("Streams of the Responses API");

const request = responsesDialect.readRequest({
  model: "m",
  input: "Hello",
  instructions: "Be brief.",
  metadata: { run: "7" },
  temperature: 0.5,
  text: { verbosity: "low" },
  tools: [
    { type: "function", name: "lookup", parameters: { type: "object", properties: {} } },
    { type: "custom", name: "patch" },
  ],
});
const context: WriteContext = {
  requestId: "req-1",
  model: "upstream-model",
  createdS: 1_700_000_001,
  includeUsage: false,
  request,
};
const failure = {
  message: "The provider went away.",
  type: "server_error",
  param: null,
  code: "stream_interrupted",
  status: 502,
};

describe("ResponsesWriter", () => {
  it("tells a text as the API does", () => {
    const events = eventsOf(
      written([
        { type: "start", id: "a1", model: "vendor-model" },
        text("Hel"),
        text("lo", [{ token: "lo", logprob: -0.1, bytes: null, top_logprobs: [] }]),
        finish("stop"),
        { type: "usage", usage: { inputTokens: 3, outputTokens: 5, cachedInputTokens: 1 } },
      ]),
    );
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => event["sequence_number"])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(events[5]).toMatchObject({ delta: "lo", logprobs: [{ token: "lo", bytes: [] }] });
    expect(events[9]).toMatchObject({
      response: {
        status: "completed",
        model: "vendor-model",
        instructions: "Be brief.",
        metadata: { run: "7" },
        temperature: 0.5,
        text: { format: { type: "text" }, verbosity: "low" },
        store: false,
        output: [{ type: "message", content: [{ text: "Hello", logprobs: [{ token: "lo" }] }] }],
        usage: {
          input_tokens: 3,
          input_tokens_details: { cached_tokens: 1, cache_write_tokens: 0 },
          output_tokens: 5,
          total_tokens: 8,
        },
      },
    });
  });

  it.each([
    { reason: "length", status: "incomplete", details: { reason: "max_output_tokens" } },
    { reason: "content_filter", status: "incomplete", details: { reason: "content_filter" } },
    { reason: "tool_calls", status: "completed", details: null },
  ] as const)("ends with what $reason means", ({ reason, status, details }) => {
    const last = eventsOf(written([text("a"), finish(reason)])).at(-1);
    expect(last).toMatchObject({
      type: `response.${status}`,
      response: { status, incomplete_details: details, output: [{ status }] },
    });
  });

  it("tells a call under way before another one is over", () => {
    const events = eventsOf(
      written([
        call(0, "c0"),
        call(1, "c1"),
        more(1, '{"b"'),
        more(0, "{}"),
        more(1, ":2}"),
        finish("stop"),
      ]),
    );
    const deltas = events.filter(({ type }) => type === "response.function_call_arguments.delta");
    expect(deltas.map((event) => [event["output_index"], event["delta"]])).toEqual([
      [1, '{"b"'],
      [0, "{}"],
      [1, ":2}"],
    ]);
    expect(events.at(-1)).toMatchObject({
      response: {
        output: [
          { call_id: "c0", arguments: "{}" },
          { call_id: "c1", arguments: '{"b":2}' },
        ],
      },
    });
  });

  it("writes nothing of a second choice, and of parts of other dialects", () => {
    const events = eventsOf(
      written([
        { type: "text-delta", choice: 1, text: "other" },
        { type: "opaque", choice: 0, dialect: "anthropic", value: { type: "x", id: "y" } },
        finish("stop"),
      ]),
    );
    expect(events.at(-1)).toMatchObject({ response: { output: [] } });
  });

  it("writes the same however the events are handed over, and every event fits the description", () => {
    fc.assert(
      fc.property(chatEvents(), (events) => {
        const whole = written(events);
        const writer = responsesDialect.streamWriter(context);
        expect(events.map((event) => writer.write([event])).join("") + writer.end()).toBe(whole);
        const told = eventsOf(whole);
        expect(told.map((event) => event["sequence_number"])).toEqual(told.map((_, at) => at));
        expect(told.flatMap((event) => schema?.problems("response-event", event) ?? [])).toEqual(
          [],
        );
      }),
      { numRuns: 60 },
    );
  });

  it("comes to the same response as a plain answer", () => {
    fc.assert(
      fc.property(chatEvents(), (events) => {
        const collected = collectAnswer(events);
        if (collected.kind !== "answer") throw new Error(collected.kind);
        const plain = responsesDialect.writeAnswer(collected.answer, context);
        expect(eventsOf(written(events)).at(-1)?.["response"]).toEqual(
          JSON.parse(JSON.stringify(plain)),
        );
        expect(schema?.problems("response", plain) ?? []).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it.each(clients)("is built into the same response by $name", async ({ client }) => {
    await fc.assert(
      fc.asyncProperty(chatEvents(), async (events) => {
        const body = written(events);
        const built = await client({ body, stream: true })
          .responses.stream({ model: "m", input: "x" })
          .finalResponse();
        const seen = [];
        const iterated = client({ body, stream: true }).responses;
        for await (const event of await iterated.create({ model: "m", input: "x", stream: true })) {
          seen.push(event);
        }
        const told = eventsOf(body);
        expect(seen).toEqual(told);
        const { output } = JSON.parse(JSON.stringify(built));
        const expected = told.at(-1)?.["response"];
        expect(withoutParsed(output)).toEqual(expected && Reflect.get(expected, "output"));
      }),
      { numRuns: 40 },
    );
  });

  it("gives back, from its items, the parts that were written", () => {
    fc.assert(
      fc.property(chatEvents(), (events) => {
        const collected = collectAnswer(events);
        if (collected.kind !== "answer") throw new Error(collected.kind);
        const last = eventsOf(written(events)).at(-1)?.["response"];
        const items = last && Reflect.get(last, "output");
        const read = responsesDialect.readRequest({ input: items, tools: [] });
        const parts = read.messages.flatMap((message): readonly unknown[] => message.content);
        expect(read.messages.length).toBeLessThanOrEqual(1);
        expect(parts).toEqual((collected.answer.choices[0]?.parts ?? []).flatMap(readable));
      }),
      { numRuns: 200 },
    );
  });

  it.each(clients)("raises in $name when the answer breaks off", async ({ client }) => {
    await fc.assert(
      fc.asyncProperty(chatEvents(), fc.nat(), async (events, cut) => {
        const writer = responsesDialect.streamWriter(context);
        const body = writer.write(events.slice(0, cut % events.length)) + writer.fail(failure);
        const told = eventsOf(body);
        expect(told.flatMap((event) => schema?.problems("response-event", event) ?? [])).toEqual(
          [],
        );
        expect(told.at(-2)).toMatchObject({
          type: "response.failed",
          response: { status: "failed" },
        });
        const asked = { model: "m", input: "x" };
        const { responses } = client({ body, stream: true });
        const iterate = async () => {
          for await (const _ of await responses.create({ ...asked, stream: true }));
        };
        await expect(iterate()).rejects.toMatchObject({ message: failure.message });
        await expect(
          client({ body, stream: true }).responses.stream(asked).finalResponse(),
        ).rejects.toMatchObject({ message: failure.message });
      }),
      { numRuns: 30 },
    );
  });
});

function written(events: readonly ChatEvent[]): string {
  const writer = responsesDialect.streamWriter(context);
  return writer.write(events) + writer.end();
}

function text(delta: string, logprobs?: readonly unknown[]): ChatEvent {
  return { type: "text-delta", choice: 0, text: delta, ...(logprobs && { logprobs }) };
}

function call(index: number, id: string): ChatEvent {
  return { type: "tool-call-start", choice: 0, index, id, name: "lookup" };
}

function more(index: number, args: string): ChatEvent {
  return { type: "tool-call-delta", choice: 0, index, arguments: args };
}

function finish(reason: "stop" | "length" | "tool_calls" | "content_filter"): ChatEvent {
  return { type: "finish", choice: 0, reason };
}

/** What a client sends back says all but what the answer alone is about. */
function readable(part: AnswerPart): readonly unknown[] {
  if (part.type === "text") {
    const { text: said, annotations, signature } = part;
    if (said === "" && !signature) return [];
    const list = annotations?.map(({ type, url_citation }) => ({ type, ...url_citation }));
    const citations = list && { citations: { dialect: "responses", list } };
    return [{ type: "text", text: said, ...citations, ...(signature && { signature }) }];
  }
  // A custom tool's input is free text: that of a call without any is empty.
  if (part.type === "tool-call" && part.name === "patch" && part.arguments === "{}") {
    return [{ ...part, arguments: '{"input":""}' }];
  }
  return [part];
}

function withoutParsed(output: readonly Record<string, unknown>[]) {
  return JSON.parse(JSON.stringify(output), (key, value) =>
    key === "parsed" || key === "parsed_arguments" ? undefined : value,
  );
}
