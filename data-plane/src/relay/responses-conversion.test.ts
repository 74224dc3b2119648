import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventsOf } from "../dialects/openai-responses/responses-client.fixture.ts";
import type { StreamConversion } from "./conversion.ts";
import { markResponseId } from "./response-ids.ts";
import { responsesRelay } from "./responses-conversion.ts";

const deploymentId = "eu/gpt";
const relay = responsesRelay({ deploymentId });
const id = markResponseId("resp_1", deploymentId);
const members = {
  object: "response",
  created_at: 1,
  model: "gpt",
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  parallel_tool_calls: true,
  temperature: 1,
  tool_choice: "auto",
  tools: [],
  top_p: 1,
};
const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 15,
};
const read = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 4,
  cacheWriteTokens: 3,
  reasoningTokens: 2,
};

const created = response("response.created", { status: "in_progress" });
const queued = response("response.queued", { status: "queued" });
const item = event({
  type: "response.output_item.added",
  output_index: 0,
  item: { type: "message", id: "msg_1", role: "assistant", status: "in_progress", content: [] },
});
const completed = response("response.completed", { status: "completed", usage });
const failed = response("response.failed", {
  status: "failed",
  error: { code: "rate_limit_exceeded", message: "Please try again in 1.5s." },
});
const error = event({ type: "error", error: { code: "insufficient_quota", message: "Spent." } });

describe("responsesRelay().stream()", () => {
  it.each<{ name: string; text: string; state: Partial<StreamConversion> }>([
    { name: "nothing", text: "", state: { begun: false, complete: false, done: false } },
    {
      name: "signs of life",
      text: `${queued + created}: ping\n\n`,
      state: { begun: false, complete: false },
    },
    { name: "an item", text: created + item, state: { begun: true, complete: false, done: false } },
    {
      name: "its end, with usage",
      text: created + item + completed,
      state: { begun: true, complete: true, done: true, usage: read, error: undefined },
    },
    {
      name: "an answer that has nothing in it",
      text: created + completed,
      state: { begun: true, complete: true, done: true },
    },
    {
      name: "an answer that was cut off",
      text: created + item + response("response.incomplete", { status: "incomplete", usage }),
      state: { begun: true, complete: true, done: true, usage: read, error: undefined },
    },
    {
      name: "a failure before anything",
      text: created + failed,
      state: {
        begun: false,
        complete: true,
        done: true,
        error: {
          first: true,
          error: {
            kind: "rate_limited",
            message: "Please try again in 1.5s.",
            status: 429,
            code: "rate_limit_exceeded",
            retryAfterMs: 1500,
          },
        },
      },
    },
    {
      name: "an error, and the failure that follows it",
      text: created + error + failed,
      state: {
        begun: false,
        complete: true,
        error: {
          first: true,
          error: {
            kind: "quota_spent",
            message: "Spent.",
            status: 429,
            code: "insufficient_quota",
          },
        },
      },
    },
    {
      name: "a failure after something",
      text: created + item + failed,
      state: {
        begun: true,
        error: { first: false, error: expect.objectContaining({ kind: "rate_limited" }) },
      },
    },
    {
      name: "an error without a type, in an event without a name",
      text: 'data: {"error":{"message":"Busy.","code":503}}\n\n',
      state: { error: { first: true, error: expect.objectContaining({ kind: "unavailable" }) } },
    },
    {
      name: "[DONE], which ends nothing here",
      text: `${created}${item}data: [DONE]\n\n`,
      state: { begun: true, complete: false, done: false },
    },
    {
      name: "names within the data alone",
      text: `data: {"item":{"type":"message"},"type":"response.output_item.added"}\n\n`,
      state: { begun: true, complete: false },
    },
  ])("after $name", ({ text, state }) => {
    const stream = relay.stream();
    stream.push(Buffer.from(text));
    expect(stateOf(stream)).toMatchObject(state);
  });

  it("marks the ids of responses, and leaves all other bytes as they are", () => {
    const before = `: hi\n\n${created}${item}${response("response.completed", {
      status: "completed",
      previous_response_id: "resp_0",
      output: [{ id: "resp_1", type: "x", text: '"id":"resp_1"' }],
    })}data: [DONE]\n\n`;
    const after = before
      .replaceAll('"response":{"id":"resp_1"', `"response":{"id":"${id}"`)
      .replace(
        '"previous_response_id":"resp_0"',
        `"previous_response_id":"${markResponseId("resp_0", deploymentId)}"`,
      );
    expect(after).not.toBe(before);
    expect(relay.stream().push(Buffer.from(before)).toString()).toBe(after);
  });

  it.each([
    {
      name: "text parts without logprobs",
      sent: { type: "response.content_part.done", part: { type: "output_text", text: "a" } },
      shown: { part: { type: "output_text", text: "a", annotations: [], logprobs: [] } },
    },
    {
      name: "items without logprobs",
      sent: {
        type: "response.output_item.done",
        item: { type: "message", content: [{ type: "output_text", text: "a", annotations: [] }] },
      },
      shown: { item: { content: [{ text: "a", logprobs: [] }] } },
    },
    {
      name: "deltas without logprobs",
      sent: { type: "response.output_text.delta", delta: "a" },
      shown: { delta: "a", logprobs: [] },
    },
    {
      name: "Bedrock's names for parts of thoughts",
      sent: { type: "response.reasoning_part.added", part: { type: "reasoning_text", text: "" } },
      shown: { type: "response.content_part.added", part: { type: "reasoning_text", text: "" } },
    },
    {
      name: "a search with null for its size",
      sent: {
        type: "response.created",
        response: { id: "resp_1", tools: [{ type: "web_search", search_context_size: null }] },
      },
      shown: { response: { id, tools: [{ type: "web_search" }] } },
    },
    {
      name: "a format without its name",
      sent: {
        type: "response.created",
        response: { id: "resp_1", text: { format: { type: "json_schema", schema: {} } } },
      },
      shown: {
        response: { text: { format: { type: "json_schema", schema: {}, name: "response" } } },
      },
    },
    {
      name: "a response without what it must have",
      sent: { type: "response.created", response: { id: "resp_1", status: "in_progress" } },
      shown: { response: { id, tools: [], metadata: {}, error: null, top_p: null, output: [] } },
    },
    {
      name: "an event without its number",
      sent: { type: "response.output_item.added", item: {}, output_index: 0 },
      shown: { sequence_number: 0 },
    },
  ])("mends $name", ({ sent, shown }) => {
    for (const name of [`event: ${sent.type}\n`, ""]) {
      const text = `${name}data: ${JSON.stringify(sent)}\n\n`;
      const [event] = eventsOf(relay.stream().push(Buffer.from(text)).toString());
      expect(event).toMatchObject(shown);
      expect(JSON.stringify(event)).not.toContain("search_context_size");
    }
  });

  it("counts the parts of each item from 0, where a provider counts on", () => {
    const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
    const at = { output_index: 1, content_index: 1 };
    const text = [
      { type: "response.output_item.added", output_index: 1, item: { content: [] } },
      { type: "response.content_part.added", ...at, part },
      { type: "response.output_text.delta", ...at, delta: "a", logprobs: [] },
      { type: "response.content_part.done", ...at, part },
    ];
    const events = eventsOf(
      relay
        .stream()
        .push(Buffer.from(text.map(event).join("")))
        .toString(),
    );
    expect(events.map((told) => told["content_index"])).toEqual([undefined, 0, 0, 0]);
  });

  it("never throws, and holds back what is not whole", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        created,
        item,
        completed,
        error,
        "data: ",
        "event: error\n",
        "\n\n",
        "{",
        "[DONE]",
      ),
      fc.jsonValue().map((value) => `data: ${JSON.stringify(value)}\n\n`),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const stream = relay.stream();
        const shown = stream.push(Buffer.from(pieces.join(""))).toString();
        expect(shown === "" || shown.endsWith("\n\n")).toBe(true);
        stream.end();
        stateOf(stream);
      }),
    );
  });

  it("takes a last event without its empty line, but not one that was cut", () => {
    const whole = relay.stream();
    whole.push(Buffer.from(created + completed.trimEnd()));
    expect(whole.done).toBe(false);
    expect(whole.end().toString()).toContain("response.completed");
    expect(whole.done).toBe(true);
    const cut = relay.stream();
    cut.push(Buffer.from(created + completed.trimEnd().slice(0, -1)));
    expect(cut.end().toString()).toBe("");
    expect(cut.complete).toBe(false);
  });

  it("tells of a break with the next number", () => {
    const stream = relay.stream();
    stream.push(Buffer.from(created + item));
    const fields = { message: "Gone.", type: "server_error", param: null, code: "x", status: 502 };
    expect(eventsOf(stream.fail(fields))).toEqual([
      {
        type: "error",
        code: "x",
        message: "Gone.",
        param: null,
        sequence_number: 2,
        error: { message: "Gone.", type: "server_error", param: null, code: "x" },
      },
    ]);
  });
});

describe("responsesRelay().plain()", () => {
  const whole = { id: "resp_1", ...members, status: "completed", output: [], usage };

  it.each<{ name: string; body: string; result: object }>([
    {
      name: "an answer",
      body: JSON.stringify(whole),
      result: { kind: "answer", usage: read, body: Buffer.from(JSON.stringify({ ...whole, id })) },
    },
    {
      name: "one that is queued, and has no usage yet",
      body: JSON.stringify({ ...whole, status: "queued", usage: null }),
      result: { kind: "answer", usage: undefined },
    },
    {
      name: "one that failed",
      body: JSON.stringify({
        ...whole,
        status: "failed",
        error: { code: "server_error", message: "Oh." },
      }),
      result: {
        kind: "error",
        error: { kind: "server_error", message: "Oh.", status: 500, code: "server_error" },
      },
    },
    {
      name: "an error in place of an answer",
      body: '{"error":{"message":"Long.","type":"invalid_request_error","code":"context_length_exceeded","param":"input"}}',
      result: {
        kind: "error",
        error: { kind: "context_too_long", message: "Long.", status: 400, param: "input" },
      },
    },
    { name: "nothing", body: "", result: { kind: "invalid", what: "an empty body" } },
    {
      name: "a page",
      body: "<html>",
      result: { kind: "invalid", what: "a body that is not JSON" },
    },
    {
      name: "a list",
      body: "[]",
      result: { kind: "invalid", what: "JSON that is not a response" },
    },
    { name: "an answer of Chat Completions", body: '{"choices":[]}', result: { kind: "invalid" } },
  ])("reads $name", ({ body, result }) => {
    expect(relay.plain(Buffer.from(body))).toMatchObject(result);
  });

  it("mends what a provider left out", () => {
    const part = { type: "output_text", text: "a" };
    const body = JSON.stringify({ id: "resp_1", output: [{ type: "message", content: [part] }] });
    const result = relay.plain(Buffer.from(body));
    const shown = result.kind === "answer" ? JSON.parse(result.body.toString()) : result;
    expect(shown).toMatchObject({
      id,
      tools: [],
      output: [{ content: [{ text: "a", annotations: [], logprobs: [] }] }],
    });
  });
});

function response(type: string, more: Readonly<Record<string, unknown>>): string {
  return event({ type, response: { id: "resp_1", ...members, output: [], ...more } });
}

function event(data: Readonly<Record<string, unknown>> & { readonly type: string }): string {
  const numbered = { ...data, sequence_number: 0 };
  return `event: ${data.type}\ndata: ${JSON.stringify(numbered)}\n\n`;
}

function stateOf({ begun, complete, done, error: told, usage: counted }: StreamConversion) {
  return { begun, complete, done, error: told, usage: counted };
}
