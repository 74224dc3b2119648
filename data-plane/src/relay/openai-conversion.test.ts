import { isRecord } from "@headgate/core";
import { exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAiRelay } from "./openai-conversion.ts";

const chat = openAiRelay({ endpoint: "chat_completions", stripUsage: false });
const completions = openAiRelay({ endpoint: "completions", stripUsage: false });
/** Providers whose API of this kind is not OpenAI's. */
const others: ReadonlySet<string> = new Set(["cohere", "vertex"]);

describe("openAiRelay()", () => {
  const head = { id: "x", created: 1, model: "m" };
  const chunk = { ...head, object: "chat.completion.chunk" };
  const delta = (value: object, more: object = { finish_reason: null }) => ({
    ...chunk,
    choices: [{ index: 0, delta: value, ...more }],
  });

  it.each([
    {
      name: "a conforming chunk",
      event: delta({ content: "a" }),
      expected: delta({ content: "a" }),
    },
    {
      name: "a role that is null, and calls that are none",
      event: delta({
        role: null,
        content: "a",
        tool_calls: null,
        function_call: null,
        refusal: null,
      }),
      expected: delta({ content: "a", refusal: null }),
    },
    {
      name: "a missing finish reason",
      event: delta({ content: "a" }, {}),
      expected: delta({ content: "a" }),
    },
    {
      name: "an empty finish reason",
      event: delta({}, { finish_reason: "" }),
      expected: delta({}),
    },
    {
      name: "a finish reason of its own",
      event: delta({}, { finish_reason: "eos" }),
      expected: delta({}, { finish_reason: "stop" }),
    },
    {
      name: "a missing delta",
      event: { ...chunk, choices: [{ index: 0, finish_reason: null }] },
      expected: { ...chunk, choices: [{ index: 0, finish_reason: null, delta: {} }] },
    },
    {
      name: "a missing index",
      event: { ...chunk, choices: [{ delta: {}, finish_reason: null }] },
      expected: { ...chunk, choices: [{ delta: {}, finish_reason: null, index: 0 }] },
    },
    {
      name: "missing choices",
      event: { ...chunk, usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      expected: {
        ...chunk,
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
        choices: [],
      },
    },
    {
      name: "another object, and no id",
      event: { object: "", created: 1.5, model: "m", choices: [] },
      expected: { object: chunk.object, created: 1, model: "m", choices: [], id: "" },
    },
    {
      name: "a list as content",
      event: delta({
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
          { type: "text", text: "a" },
          "b",
        ],
      }),
      expected: delta({ content: "ab", reasoning_content: "hm" }),
    },
    {
      name: "another role",
      event: delta({ role: "model" }),
      expected: delta({ role: "assistant" }),
    },
    {
      name: "null in a later delta of a tool call",
      event: delta({
        tool_calls: [{ index: 0, id: null, type: null, function: { name: null, arguments: "{" } }],
      }),
      expected: delta({ tool_calls: [{ index: 0, function: { arguments: "{" } }] }),
    },
    {
      name: "an object as arguments",
      event: delta({
        tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: { a: 1 } } }],
      }),
      expected: delta({
        tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: '{"a":1}' } }],
      }),
    },
    {
      name: "details that are null, and a count that is missing",
      event: {
        ...chunk,
        choices: [],
        usage: { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: null },
      },
      expected: {
        ...chunk,
        choices: [],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      },
    },
    {
      name: "a service tier no one knows",
      event: { ...delta({}), service_tier: "on_demand" },
      expected: delta({}),
    },
    {
      name: "log probabilities without all members",
      event: delta(
        {},
        { finish_reason: null, logprobs: { content: [{ token: "a", logprob: 0 }] } },
      ),
      expected: delta(
        {},
        {
          finish_reason: null,
          logprobs: {
            content: [{ token: "a", logprob: 0, bytes: null, top_logprobs: [] }],
            refusal: null,
          },
        },
      ),
    },
    {
      name: "an error with half of its members",
      event: { error: { message: "no", code: 503 } },
      expected: { error: { message: "no", code: "503", type: "server_error", param: null } },
    },
    {
      name: "an error without a wrapper",
      event: { object: "error", message: "no", type: "BadRequestError", code: 400 },
      expected: {
        error: { message: "no", type: "BadRequestError", code: "400", param: null },
      },
    },
  ])("mends in a stream: $name", ({ event, expected }) => {
    const stream = chat.stream();
    const sent = stream.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`)).toString();
    const { data } = /^data: (?<data>.*)\n\n$/.exec(sent)?.groups ?? {};
    // An error without a wrapper keeps its members beside it.
    if ("error" in expected) expect(JSON.parse(data ?? "")).toMatchObject(expected);
    else expect(JSON.parse(data ?? "")).toEqual(expected);
  });

  const message = (value: object, more: object = { finish_reason: "stop" }) => ({
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, message: value, ...more }],
  });
  it.each([
    {
      name: "a conforming answer, even one without a refusal",
      body: message({ role: "assistant", content: "a" }),
      expected: undefined,
    },
    {
      name: "missing content",
      body: message(
        {
          role: "assistant",
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { finish_reason: "tool_calls" },
      ),
      expected: { choices: [{ message: { content: null, refusal: null } }] },
    },
    {
      name: "members that are null",
      body: message({
        role: "assistant",
        content: "a",
        annotations: null,
        tool_calls: null,
        function_call: { name: "", arguments: "" },
      }),
      expected: { choices: [{ message: { role: "assistant", content: "a", refusal: null } }] },
    },
    {
      name: "no finish reason, with tool calls",
      body: message(
        {
          role: "assistant",
          content: null,
          tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }],
        },
        {},
      ),
      expected: {
        choices: [
          {
            finish_reason: "tool_calls",
            message: {
              tool_calls: [
                { id: "call_x_0", type: "function", function: { name: "f", arguments: '{"a":1}' } },
              ],
            },
          },
        ],
      },
    },
    {
      name: "a finish reason of its own, with tool calls",
      body: message(
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { finish_reason: "eos" },
      ),
      expected: { choices: [{ finish_reason: "tool_calls" }] },
    },
    {
      name: "a finish reason of its own, without",
      body: message({ role: "assistant", content: "a" }, { finish_reason: "eos" }),
      expected: { choices: [{ finish_reason: "stop" }] },
    },
    {
      name: "no message",
      body: { ...message({}), choices: [{ index: 0, finish_reason: "length" }] },
      expected: { choices: [{ message: { role: "assistant", content: null } }] },
    },
  ])("mends whole answers: $name", ({ body, expected }) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const result = chat.plain(bytes);
    expect(result.kind).toBe("answer");
    if (result.kind !== "answer") return;
    if (expected) expect(JSON.parse(result.body.toString())).toMatchObject(expected);
    else expect(result.body).toBe(bytes);
  });

  it.each([
    { name: "an empty body", body: "", expected: { kind: "invalid", what: "an empty body" } },
    { name: "HTML", body: "<html>", expected: { kind: "invalid" } },
    { name: "a list", body: "[]", expected: { kind: "invalid" } },
    { name: "no choices", body: "{}", expected: { kind: "invalid", what: "JSON without choices" } },
    {
      name: "an error",
      body: '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}',
      expected: { kind: "error", error: { kind: "rate_limited", status: 429 } },
    },
  ])("does not take $name for an answer", ({ body, expected }) => {
    expect(chat.plain(Buffer.from(body))).toMatchObject(expected);
  });

  it.each([
    {
      name: "a conforming chunk",
      choice: { text: "a", index: 0, logprobs: null, finish_reason: null },
      expected: { text: "a", index: 0, logprobs: null, finish_reason: null },
    },
    {
      name: "a finish reason that completions have not",
      choice: { text: "", index: 0, logprobs: null, finish_reason: "tool_calls" },
      expected: { text: "", index: 0, logprobs: null, finish_reason: "stop" },
    },
    {
      name: "a finish reason of its own, and no text",
      choice: { index: 0, logprobs: null, finish_reason: "eos_token" },
      expected: { text: "", index: 0, logprobs: null, finish_reason: "stop" },
    },
  ])("mends legacy completions: $name", ({ choice, expected }) => {
    const event = {
      ...head,
      object: "text.completion",
      choices: [choice],
      system_fingerprint: null,
    };
    const fitting = { ...head, object: "text_completion", choices: [expected] };
    const sent = completions.stream().push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
    expect(JSON.parse(sent.toString().slice("data: ".length))).toEqual(fitting);
    const whole = completions.plain(Buffer.from(JSON.stringify(event)));
    if (whole.kind !== "answer") throw new Error(whole.kind);
    const reason = expected.finish_reason ?? "stop";
    const choices = [{ ...expected, finish_reason: reason }];
    expect(JSON.parse(whole.body.toString())).toEqual({ ...fitting, choices });
  });

  it("takes out usage that was not asked for, however badly it is said", () => {
    const stream = openAiRelay({ endpoint: "chat_completions", stripUsage: true }).stream();
    const told = { ...chunk, usage: { prompt_tokens: 7, completion_tokens: 2 } };
    expect(stream.push(Buffer.from(`data: ${JSON.stringify(told)}\n\n`)).length).toBe(0);
    expect(stream.usage).toEqual({ inputTokens: 7, outputTokens: 2 });
  });

  it("mends all events of a shape, and goes on seeing those that matter", () => {
    const stream = openAiRelay({ endpoint: "chat_completions", stripUsage: false }).stream();
    const send = (event: object) =>
      JSON.parse(
        stream
          .push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`))
          .toString()
          .slice(6),
      );
    for (const content of ["a", 'b"é\\', "", "c"]) {
      expect(send(delta({ content, tool_calls: null }))).toEqual(delta({ content }));
    }
    expect(stream.complete).toBe(false);
    send(delta({ content: "", tool_calls: null }, { finish_reason: "stop" }));
    expect(stream).toMatchObject({ complete: true, done: false });
    send({
      ...chunk,
      choices: [],
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
    });
    expect(stream.usage).toEqual({ inputTokens: 7, outputTokens: 2 });
    stream.push(Buffer.from("data: [DONE]\n\n"));
    expect(stream.done).toBe(true);
  });

  it.each([
    { said: "eos", told: "tool_calls" },
    { said: "tool_use", told: "tool_calls" },
    { said: "max_tokens", told: "length" },
    // OpenAI's own word where one call is demanded.
    { said: "stop", told: "stop" },
  ])("tells of $said after a call as $told", ({ said, told }) => {
    const stream = chat.stream();
    const call = { index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } };
    const send = (index: number, value: object, finish_reason: string | null) => {
      const event = { ...chunk, choices: [{ index, delta: value, finish_reason }] };
      return stream.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`)).toString();
    };
    send(0, { role: "assistant", tool_calls: [call] }, null);
    for (const text of ["{", "", "}"]) {
      send(0, { tool_calls: [{ index: 0, function: { arguments: text } }] }, null);
    }
    expect(send(1, { content: "a" }, "eos")).toContain('"finish_reason":"stop"');
    expect(send(0, {}, said)).toContain(`"finish_reason":"${told}"`);
    const both = chat
      .stream()
      .push(
        Buffer.from(
          `data: ${JSON.stringify(delta({ tool_calls: [call] }, { finish_reason: said }))}\n\n`,
        ),
      );
    expect(both.toString()).toContain(`"finish_reason":"${told}"`);
  });

  it("keeps apart the calls of a turn that all have the same index, or none", () => {
    const calls = (index: object) => [
      { ...index, id: "a", type: "function", function: { name: "f", arguments: "" } },
      { ...index, function: { arguments: "{}" } },
      { ...index, id: "b", type: "function", function: { name: "g", arguments: "" } },
      { ...index, function: { arguments: "[]" } },
    ];
    for (const index of [{ index: 0 }, {}]) {
      const stream = chat.stream();
      const seen = calls(index).map((call) => {
        const text = stream.push(
          Buffer.from(`data: ${JSON.stringify(delta({ tool_calls: [call] }))}\n\n`),
        );
        return JSON.parse(text.toString().slice(6)).choices[0].delta.tool_calls[0].index;
      });
      expect(seen).toEqual([0, 0, 1, 1]);
    }
  });

  it("tells of an error that was the first event, and of one that was not", () => {
    const error = 'data: {"error":{"message":"overloaded","type":"overloaded_error"}}\n\n';
    const first = chat.stream();
    first.push(Buffer.from(error));
    expect(first.error).toMatchObject({ first: true, error: { kind: "overloaded" } });
    const later = chat.stream();
    later.push(Buffer.from(`data: ${JSON.stringify(delta({ content: "a" }))}\n\n${error}`));
    expect(later.error).toMatchObject({ first: false, error: { kind: "overloaded" } });
  });

  it("fails with an event that clients raise", () => {
    const fields = { message: "m", type: "server_error", param: null, code: "c", status: 502 };
    expect(chat.stream().fail(fields)).toBe(
      'data: {"error":{"message":"m","type":"server_error","param":null,"code":"c"}}\n\n',
    );
  });
});

describeExchanges("openAiRelay() of recorded answers", (exchanges) => {
  const schema = openAiSchemaOrNotice("openAiRelay() of recorded answers");
  const recorded = exchanges
    .list({ kinds: ["chat", "completions"], where: ({ response }) => response.status === 200 })
    .filter(({ provider }) => !others.has(provider));
  const streams = recorded.filter(({ stream }) => stream);
  const plain = recorded.filter(({ stream }) => !stream);
  const relayOf = (kind: string) => (kind === "chat" ? chat : completions);

  it.each(streams)("streams $name: what conforms stays as it is", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const relay = relayOf(exchange.kind);
    const shape = exchange.kind === "chat" ? "chat-chunk" : "completion-chunk";
    const whole = run(relay.stream(), bytes, bytes.length);
    const before = eventsOf(bytes.toString());
    const after = eventsOf(whole);
    expect(after.length).toBe(before.length);
    for (const [i, event] of after.entries()) {
      const data = dataOf(event);
      const original = dataOf(before[i] ?? "");
      const claimed = isRecord(data) && "error" in data ? "error" : shape;
      if (data !== undefined) expect(schema?.problems(claimed, data) ?? []).toEqual([]);
      const conforms = data === undefined || schema?.problems(claimed, original).length === 0;
      if (conforms) expect(event).toBe(before[i]);
    }
    for (const size of [1, 2, 7, 61, 500, 1021, 4096]) {
      expect(run(relay.stream(), bytes, size)).toBe(whole);
    }
  });

  it.each(plain)("answers $name: what conforms stays as it is", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const result = relayOf(exchange.kind).plain(bytes);
    if (bytes.toString() === "null" || bytes.length === 0) return;
    const shape = exchange.kind === "chat" ? "chat" : "completion";
    if (result.kind !== "answer")
      throw new Error(`${result.kind}: ${bytes.toString().slice(0, 300)}`);
    expect(schema?.problems(shape, JSON.parse(result.body.toString())) ?? []).toEqual([]);
    const original: unknown = JSON.parse(bytes.toString());
    if (schema?.problems(shape, original).length === 0) {
      expect(result.body).toBe(bytes);
    }
  });

  it("never throws, nor calls complete what was cut before its end", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (exchange, part) => {
          const bytes = exchangeBytes(exchange);
          const cut = bytes.subarray(0, Math.floor(part * bytes.length));
          const stream = relayOf(exchange.kind).stream();
          stream.push(cut);
          stream.end();
          const told = /"finish_reason": ?"[^"]|\[DONE\]|"error"/.test(cut.toString());
          if (!told) expect(stream.complete).toBe(false);
        },
      ),
    );
  });

  it("never throws, whatever bytes it is given", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...recorded),
        fc.array(fc.tuple(fc.nat(), fc.string({ maxLength: 8 })), { maxLength: 8 }),
        (exchange, edits) => {
          const bytes = mutated(exchangeBytes(exchange), edits);
          const relay = relayOf(exchange.kind);
          relay.plain(bytes);
          run(relay.stream(), bytes, 97);
        },
      ),
    );
  });
});

function mutated(bytes: Buffer, edits: readonly (readonly [number, string])[]): Buffer {
  let text = bytes.toString("latin1");
  for (const [place, insert] of edits) {
    const at = place % (text.length + 1);
    text = text.slice(0, at) + insert + text.slice(at + insert.length + 3);
  }
  return Buffer.from(text, "latin1");
}

function run(stream: ReturnType<typeof chat.stream>, bytes: Buffer, size: number): string {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size)
    out.push(stream.push(bytes.subarray(at, at + size)));
  out.push(stream.end());
  return Buffer.concat(out).toString();
}

function eventsOf(text: string): readonly string[] {
  return text.split(/(?<=\n\r?\n)/).filter((event) => event.trim() !== "");
}

function dataOf(event: string): unknown {
  const line = event.split(/\r?\n/).find((candidate) => candidate.startsWith("data:"));
  const data = line?.slice(5).trim();
  return data === undefined || data === "" || data === "[DONE]" ? undefined : JSON.parse(data);
}
