import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { ollamaApi } from "./api.ts";
import { classifyError } from "./classify-error.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};
const head = { model: "m", created_at: "2026-01-02T03:04:05.678901Z" };
const counts = { prompt_eval_count: 7, eval_count: 3 };

describe("answers of Ollama", () => {
  it("read thoughts, text and calls, the same whole and streamed", () => {
    const calls = [
      { function: { name: "f", arguments: { a: "né" } } },
      { id: "call_own", function: { name: "g", arguments: {} } },
    ];
    const whole = events(
      ollamaApi.chat.answer(
        {
          ...head,
          message: { role: "assistant", content: "Hi", thinking: "hmm", tool_calls: calls },
          done: true,
          done_reason: "stop",
          ...counts,
        },
        request,
      ),
    );
    const streamed = events(
      stream([
        { ...head, message: { role: "assistant", content: "", thinking: "h" }, done: false },
        { ...head, message: { role: "assistant", content: "", thinking: "mm" }, done: false },
        { ...head, message: { role: "assistant", content: "H" }, done: false },
        { ...head, message: { role: "assistant", content: "i" }, done: false },
        { ...head, message: { content: "", tool_calls: calls.slice(0, 1) }, done: false },
        { ...head, message: { content: "", tool_calls: calls.slice(1) }, done: false },
        { ...head, message: { content: "" }, done: true, done_reason: "stop", ...counts },
      ]).events,
    );
    expect(streamed).toEqual(whole);
    expect(whole).toEqual({
      kind: "answer",
      answer: {
        model: "m",
        createdS: 1_767_323_045,
        choices: [
          {
            parts: [
              { type: "reasoning", text: "hmm" },
              { type: "text", text: "Hi" },
              {
                type: "tool-call",
                id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
                name: "f",
                arguments: '{"a":"né"}',
              },
              { type: "tool-call", id: "call_own", name: "g", arguments: "{}" },
            ],
            finish: { reason: "tool_calls", native: "stop" },
          },
        ],
        usage: { inputTokens: 7, outputTokens: 3 },
      },
    });
  });

  it("make up ids that differ by call, by answer and by turn of the conversation", () => {
    const call = { function: { name: "f", arguments: {} } };
    const idsOf = (createdAt: string, asked: ChatRequest) =>
      ollamaApi.chat
        .answer({ created_at: createdAt, message: { tool_calls: [call, call] }, done: true }, asked)
        .flatMap((event) => (event.type === "tool-call-start" ? [event.id] : []));
    const later: ChatRequest = {
      ...request,
      messages: [
        {
          role: "assistant",
          content: [
            { type: "tool-call", id: "a", name: "f", arguments: "{}" },
            { type: "tool-call", id: "b", name: "f", arguments: "{}" },
          ],
        },
      ],
    };
    const ids = [
      ...idsOf(head.created_at, request),
      ...idsOf(head.created_at, later),
      ...idsOf("2026-01-02T03:04:05.678902Z", request),
    ];
    expect(new Set(ids).size).toBe(6);
    expect(idsOf(head.created_at, request)).toEqual(ids.slice(0, 2));
  });

  it("give log probabilities to the text, in OpenAI's shape", () => {
    const logprobs = [
      { token: "é", logprob: -0.5, top_logprobs: [{ token: "a", logprob: -1, bytes: [97] }] },
    ];
    const { events: found } = stream([
      { ...head, message: { content: "", thinking: "t" }, logprobs, done: false },
      { ...head, message: { content: "é" }, logprobs, done: false },
    ]);
    expect(found.slice(1)).toEqual([
      { type: "reasoning-delta", choice: 0, text: "t" },
      {
        type: "text-delta",
        choice: 0,
        text: "é",
        logprobs: [
          {
            token: "é",
            logprob: -0.5,
            bytes: [195, 169],
            top_logprobs: [{ token: "a", logprob: -1, bytes: [97] }],
          },
        ],
      },
    ]);
  });

  it.each([
    ["stop", [], "stop"],
    ["length", [], "length"],
    ["load", [], "stop"],
    ["unload", [], "stop"],
    ["stop", [{ function: { name: "f" } }], "tool_calls"],
    ["length", [{ function: { name: "f" } }], "length"],
  ])("that are done for %s, with calls %j, finish with %s", (native, tool_calls, reason) => {
    const body = { message: { content: "", tool_calls }, done: true, done_reason: native };
    const found = ollamaApi.chat.answer(body, request);
    expect(found).toContainEqual({ type: "finish", choice: 0, reason, native });
  });

  it.each([
    [
      { prompt_eval_count: 0, eval_count: 2 },
      { inputTokens: 0, outputTokens: 2 },
    ],
    [{ eval_count: 2 }, { inputTokens: 0, outputTokens: 2 }],
    [{ prompt_eval_count: 2 }, { inputTokens: 2, outputTokens: 0 }],
    [{}, undefined],
    [{ prompt_eval_count: -1, eval_count: "2" }, undefined],
  ])("count %j as %j", (counted, usage) => {
    const body = { message: { content: "a" }, done: true, done_reason: "stop", ...counted };
    expect(events(ollamaApi.chat.answer(body, request))).toMatchObject({
      answer: usage ? { usage } : { choices: [{}] },
    });
    const found = ollamaApi.chat.answer(body, request).find(({ type }) => type === "usage");
    expect(found).toEqual(usage && { type: "usage", usage });
  });

  it.each([
    { error: "model runner has unexpectedly stopped" },
    { error: { message: "model runner has unexpectedly stopped", type: "x" } },
  ])("that tell of an error in a 200 are errors: %j", (body) => {
    const error = {
      kind: "server_error",
      message: "model runner has unexpectedly stopped",
      status: 500,
    };
    expect(ollamaApi.chat.answer(body, request)).toEqual([{ type: "error", error }]);
    const begun = [{ ...head, message: { content: "a" }, done: false }, body, body];
    const { events: found, complete } = stream(begun);
    expect(found.slice(2)).toEqual([{ type: "error", error }]);
    expect(complete).toBe(true);
  });

  it("that are not done are not whole", () => {
    expect(events(ollamaApi.chat.answer({ message: { content: "a" } }, request)).kind).toBe(
      "incomplete",
    );
    expect(events(ollamaApi.chat.answer({}, request)).kind).toBe("incomplete");
    expect(events(ollamaApi.chat.answer("x", request)).kind).toBe("error");
  });

  it("are errors where a line is no JSON, and read a last line without its end", () => {
    const reader = ollamaApi.chat.stream(request);
    expect(reader.push(Buffer.from("<html>\n"))).toMatchObject([
      { type: "error", error: { status: 502 } },
    ]);
    expect(reader.complete).toBe(true);
    const last = ollamaApi.chat.stream(request);
    last.push(Buffer.from('{"message":{"content":"a"},"done":true}'));
    expect(last.complete).toBe(false);
    expect(last.end().map(({ type }) => type)).toEqual(["start", "text-delta", "finish"]);
    expect(last.complete).toBe(true);
  });

  it("give up on a line without end", () => {
    const reader = ollamaApi.chat.stream(request);
    const piece = Buffer.alloc(1024 * 1024, "x");
    const found = Array.from({ length: 20 }, () => reader.push(piece)).flat();
    expect(found).toMatchObject([{ type: "error" }]);
    expect(reader.complete).toBe(true);
  });

  it("never throw, whatever they hold", () => {
    const member = fc.constantFrom(
      "message",
      "tool_calls",
      "function",
      "done",
      "logprobs",
      "error",
    );
    const any = fc.jsonValue({ maxDepth: 1 });
    const size = { maxKeys: 3 };
    const inner = fc.dictionary(
      member,
      fc.oneof(any, fc.array(fc.oneof(any, fc.record({ function: any })), { maxLength: 3 })),
      size,
    );
    const piece = fc.dictionary(member, fc.oneof(any, inner), size);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        stream(pieces);
        for (const body of pieces) ollamaApi.chat.answer(body, request);
      }),
    );
  });
});

describe("classifyError()", () => {
  it.each([
    [404, "model 'x' not found", "model_not_found"],
    [404, "model 'x' not found, try pulling it first", "model_not_found"],
    [404, "404 page not found", "not_found"],
    [400, "prompt too long; exceeded max context length by 9 tokens", "context_too_long"],
    [400, "the input length exceeds the context length", "context_too_long"],
    [500, "input (9 tokens) exceeds the available context size", "context_too_long"],
    [400, '"llama3" does not support thinking', "invalid_request"],
    [401, "unauthorized", "credential_rejected"],
    [429, "too many concurrent requests", "rate_limited"],
    [429, "you have reached your weekly usage limit", "quota_spent"],
    [503, "server busy, please try again. maximum pending requests exceeded", "overloaded"],
    [500, "model requires more system memory", "server_error"],
    [502, "bad gateway", "unavailable"],
  ])("takes %i %s for %s", (status, message, kind) => {
    const inText = { status, headers: {}, body: Buffer.from(JSON.stringify({ error: message })) };
    expect(classifyError(inText)).toEqual({ kind, message, status });
    const body = Buffer.from(JSON.stringify({ error: { message } }));
    expect(classifyError({ status, headers: { "retry-after": "3" }, body })).toEqual({
      kind,
      message,
      status,
      retryAfterMs: 3000,
    });
  });

  it("understands what is not JSON", () => {
    const body = Buffer.from("<html>");
    const error = classifyError({ status: 502, headers: {}, body });
    expect(error).toEqual({ kind: "unavailable", message: "status 502", status: 502 });
  });
});

function stream(pieces: readonly object[]) {
  const reader = ollamaApi.chat.stream(request);
  const found = pieces.flatMap((piece) => reader.push(Buffer.from(`${JSON.stringify(piece)}\n`)));
  return { events: [...found, ...reader.end()], complete: reader.complete };
}

function events(found: readonly ChatEvent[]) {
  return collectAnswer(found);
}
