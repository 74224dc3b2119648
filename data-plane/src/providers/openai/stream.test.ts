import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { openAiApi } from "./api.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};

function chunk(delta: object, finish: string | null = null, more: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: "x", created: 5, model: "m", choices, ...more })}\n\n`;
}

function collect(...chunks: readonly string[]) {
  const reader = openAiApi.chat.stream(request);
  const events = [...reader.push(Buffer.from(chunks.join(""))), ...reader.end()];
  return { collected: collectAnswer(events), complete: reader.complete };
}

const done = "data: [DONE]\n\n";
const call = (members: object, called: object = {}) => ({
  tool_calls: [{ ...members, function: called }],
});

describe("OpenAI's stream, and those of servers like it", () => {
  const rows = [
    {
      name: "text",
      chunks: [
        chunk({ role: "assistant", content: "" }),
        chunk({ content: "a" }),
        chunk({ content: "b" }),
        chunk({}, "stop"),
        done,
      ],
      parts: [{ type: "text", text: "ab" }],
    },
    {
      name: "no [DONE]",
      chunks: [chunk({ content: "a" }, "length")],
      parts: [{ type: "text", text: "a" }],
      finish: { reason: "length" },
    },
    {
      name: "no finish reason",
      chunks: [chunk({ content: "a" }), done],
      parts: [{ type: "text", text: "a" }],
    },
    {
      name: "Together's finish reason",
      chunks: [chunk({ content: "a" }, "eos"), done],
      parts: [{ type: "text", text: "a" }],
      finish: { reason: "stop", native: "eos" },
    },
    {
      name: "an end of CRLF, and no empty line behind the last event",
      chunks: [chunk({ content: "a" }).replaceAll("\n", "\r\n"), chunk({}, "stop").trimEnd()],
      parts: [{ type: "text", text: "a" }],
    },
    {
      name: "thoughts",
      chunks: [
        chunk({ reasoning_content: "h" }),
        chunk({ reasoning: "m" }),
        chunk({ content: "a" }, "stop"),
        done,
      ],
      parts: [
        { type: "reasoning", text: "hm" },
        { type: "text", text: "a" },
      ],
    },
    {
      name: "the same thoughts under two names",
      chunks: [chunk({ reasoning_content: "hm", reasoning: "hm", content: "a" }, "stop"), done],
      parts: [
        { type: "reasoning", text: "hm" },
        { type: "text", text: "a" },
      ],
    },
    {
      name: "OpenRouter's thoughts, and their proof",
      chunks: [
        chunk({
          reasoning: "hm",
          reasoning_details: [
            { type: "reasoning.text", text: "hm", format: "anthropic-claude-v1" },
          ],
        }),
        chunk({
          reasoning_details: [
            { type: "reasoning.text", signature: "s", format: "anthropic-claude-v1" },
          ],
        }),
        chunk({ content: "a" }, "stop"),
        done,
      ],
      parts: [
        { type: "reasoning", text: "hm", signature: { vendor: "anthropic", value: "s" } },
        { type: "text", text: "a" },
      ],
    },
    {
      name: "our own thoughts, and their proof",
      chunks: [
        chunk({ reasoning_content: "hm" }),
        chunk({
          reasoning_details: [
            { type: "reasoning.text", index: 0, text: "hm", signature: "s", vendor: "gemini" },
          ],
        }),
        chunk(
          {
            reasoning_details: [
              { type: "reasoning.encrypted", index: 1, data: "e", vendor: "anthropic" },
            ],
          },
          "stop",
        ),
        done,
      ],
      parts: [
        { type: "reasoning", text: "hm", signature: { vendor: "gemini", value: "s" } },
        { type: "redacted-reasoning", data: { vendor: "anthropic", value: "e" } },
      ],
    },
    {
      name: "Mistral's parts",
      chunks: [
        chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
        chunk({ content: [{ type: "text", text: "a" }] }, "stop"),
        done,
      ],
      parts: [
        { type: "reasoning", text: "hm" },
        { type: "text", text: "a" },
      ],
    },
    {
      name: "a refusal",
      chunks: [chunk({ refusal: "n" }), chunk({ refusal: "o" }, "stop"), done],
      parts: [{ type: "refusal", text: "no" }],
    },
    {
      name: "a call in pieces",
      chunks: [
        chunk(call({ index: 0, id: "c" }, { name: "f", arguments: "" })),
        chunk(call({ index: 0 }, { arguments: '{"a"' })),
        chunk(call({ index: 0 }, { arguments: ":1}" })),
        chunk({}, "tool_calls"),
        done,
      ],
      parts: [{ type: "tool-call", id: "c", name: "f", arguments: '{"a":1}' }],
      finish: { reason: "tool_calls" },
    },
    {
      name: "id and name repeated, or null",
      chunks: [
        chunk(call({ index: 0, id: "c" }, { name: "f", arguments: "{" })),
        chunk(call({ index: 0, id: "c" }, { name: "f", arguments: "}" })),
        chunk(call({ index: 0, id: null }, { name: null, arguments: "" })),
        chunk({}, "tool_calls"),
        done,
      ],
      parts: [{ type: "tool-call", id: "c", name: "f", arguments: "{}" }],
      finish: { reason: "tool_calls" },
    },
    {
      name: "calls without an index",
      chunks: [
        chunk(call({ id: "c" }, { name: "f", arguments: "{" })),
        chunk(call({}, { arguments: "}" })),
        chunk(call({ id: "d" }, { name: "g", arguments: "[]" })),
        done,
      ],
      parts: [
        { type: "tool-call", id: "c", name: "f", arguments: "{}" },
        { type: "tool-call", id: "d", name: "g", arguments: "[]" },
      ],
      finish: { reason: "tool_calls" },
    },
    {
      name: "two calls with one index",
      chunks: [
        chunk(call({ index: 0, id: "c" }, { name: "f", arguments: "{}" })),
        chunk(call({ index: 0, id: "d" }, { name: "g", arguments: "" })),
        chunk(call({ index: 0 }, { arguments: "[]" }), "stop"),
        done,
      ],
      parts: [
        { type: "tool-call", id: "c", name: "f", arguments: "{}" },
        { type: "tool-call", id: "d", name: "g", arguments: "[]" },
      ],
      finish: { reason: "tool_calls", native: "stop" },
    },
    {
      name: "calls with the same id",
      chunks: [
        chunk(call({ index: 0, id: "c" }, { name: "f", arguments: "{}" })),
        chunk(call({ index: 1, id: "c" }, { name: "f", arguments: "{}" })),
        done,
      ],
      parts: [
        { type: "tool-call", id: "c", name: "f", arguments: "{}" },
        { type: "tool-call", id: "call_x_0_1", name: "f", arguments: "{}" },
      ],
      finish: { reason: "tool_calls" },
    },
    {
      name: "a call without an id, its arguments an object",
      chunks: [chunk(call({ index: 0, id: "" }, { name: "f", arguments: { a: 1 } })), done],
      parts: [{ type: "tool-call", id: "call_x_0_0", name: "f", arguments: '{"a":1}' }],
      finish: { reason: "tool_calls" },
    },
    {
      name: "a call without arguments",
      chunks: [chunk(call({ index: 0, id: "c" }, { name: "f" })), chunk({}, "tool_calls"), done],
      parts: [{ type: "tool-call", id: "c", name: "f", arguments: "{}" }],
      finish: { reason: "tool_calls" },
    },
    {
      name: "a name behind its arguments",
      chunks: [
        chunk(call({ index: 0, id: "c" }, { arguments: "{" })),
        chunk(call({ index: 0 }, { name: "f", arguments: "}" })),
        done,
      ],
      parts: [{ type: "tool-call", id: "c", name: "f", arguments: "{}" }],
      finish: { reason: "tool_calls" },
    },
    {
      name: "one finish reason for each call",
      chunks: [
        chunk(call({ index: 0, id: "c" }, { name: "f", arguments: "{}" }), "tool_calls"),
        chunk(call({ index: 1, id: "d" }, { name: "g", arguments: "{}" }), "tool_calls"),
      ],
      parts: [
        { type: "tool-call", id: "c", name: "f", arguments: "{}" },
        { type: "tool-call", id: "d", name: "g", arguments: "{}" },
      ],
      finish: { reason: "tool_calls" },
    },
    {
      name: "Gemini's signature of a call",
      chunks: [
        chunk(
          call(
            { index: 0, id: "c", extra_content: { google: { thought_signature: "s" } } },
            { name: "f", arguments: "{}" },
          ),
        ),
        done,
      ],
      parts: [
        {
          type: "tool-call",
          id: "c",
          name: "f",
          arguments: "{}",
          signature: { vendor: "gemini", value: "s" },
        },
      ],
      finish: { reason: "tool_calls" },
    },
    {
      name: "a legacy function call",
      chunks: [
        chunk({ function_call: { name: "f", arguments: "" } }),
        chunk({ function_call: { arguments: "{}" } }),
        chunk({}, "function_call"),
        done,
      ],
      parts: [{ type: "tool-call", id: "call_x_0_0", name: "f", arguments: "{}" }],
      finish: { reason: "tool_calls", native: "function_call" },
    },
  ];

  it.each(rows)("reads $name", ({ chunks, parts, finish = { reason: "stop" } }) => {
    const { collected, complete } = collect(...chunks);
    expect(complete).toBe(true);
    expect(collected).toEqual({
      kind: "answer",
      answer: { id: "x", createdS: 5, model: "m", choices: [{ parts, finish }] },
    });
  });

  it.each([
    {
      name: "in a chunk of its own",
      chunks: [
        chunk({ content: "a" }, "stop"),
        `data: ${JSON.stringify({ id: "x", choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } })}\n\n`,
      ],
    },
    {
      name: "beside the last choice",
      chunks: [
        chunk({ content: "a" }, "stop", { usage: { prompt_tokens: 7, completion_tokens: 2 } }),
      ],
    },
    {
      name: "counting up",
      chunks: [
        chunk({ content: "a" }, null, { usage: { prompt_tokens: 7, completion_tokens: 1 } }),
        chunk({}, "stop", { usage: { prompt_tokens: 7, completion_tokens: 2 } }),
      ],
    },
    {
      name: "where Groq hides it",
      chunks: [
        chunk({ content: "a" }, "stop", {
          x_groq: { usage: { prompt_tokens: 7, completion_tokens: 2 } },
        }),
      ],
    },
  ])("reads usage $name", ({ chunks }) => {
    expect(collect(...chunks, done).collected).toMatchObject({
      answer: { usage: { inputTokens: 7, outputTokens: 2 } },
    });
  });

  it.each([
    {
      name: "OpenAI's",
      data: '{"error":{"message":"m","code":"rate_limit_exceeded"}}',
      kind: "rate_limited",
    },
    { name: "a text", data: '{"error":"m"}', kind: "server_error" },
    {
      name: "vLLM's",
      data: '{"object":"error","message":"m","code":400}',
      kind: "invalid_request",
    },
    {
      name: "OpenRouter's, within a choice",
      data: '{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"m"}}]}',
      kind: "unavailable",
    },
    { name: "what is not JSON", data: "upstream connect error", kind: "server_error" },
  ])("reads an error: $name", ({ data, kind }) => {
    const { collected, complete } = collect(chunk({ content: "a" }), `data: ${data}\n\n`, done);
    expect(complete).toBe(true);
    expect(collected).toMatchObject({ kind: "error", error: { kind } });
  });

  it("does not call ended what failed", () => {
    const error = { index: 0, delta: {}, finish_reason: "error", error: { message: "m" } };
    const data = `data: ${JSON.stringify({ id: "x", choices: [error] })}\n\n`;
    const events = openAiApi.chat.stream(request).push(Buffer.from(data));
    expect(events.map(({ type }) => type)).toEqual(["start", "error"]);
  });

  it("is not complete until all choices are", () => {
    const choice = (index: number, finish: string | null) =>
      `data: ${JSON.stringify({ id: "x", choices: [{ index, delta: { content: "a" }, finish_reason: finish }] })}\n\n`;
    expect(collect(choice(0, null), choice(1, null), choice(0, "stop")).complete).toBe(false);
    expect(collect(choice(0, null), choice(1, "stop"), choice(0, "stop")).complete).toBe(true);
  });

  it("waits for the chunk that has the answer's id", () => {
    const first =
      'data: {"id":"","model":"","created":0,"object":"","choices":[],"prompt_filter_results":[]}\n\n';
    const { collected } = collect(first, chunk({ content: "a" }, "stop"), done);
    expect(collected).toMatchObject({ answer: { id: "x", model: "m", createdS: 5 } });
  });

  it("reads a whole answer of Perplexity's, which has an empty delta beside it", () => {
    const choice = {
      index: 0,
      message: { role: "assistant", content: "8" },
      delta: { role: "assistant", content: "" },
      finish_reason: "stop",
    };
    const events = openAiApi.chat.answer({ id: "x", choices: [choice] }, request);
    expect(collectAnswer(events)).toMatchObject({
      answer: { choices: [{ parts: [{ text: "8" }] }] },
    });
  });
});
