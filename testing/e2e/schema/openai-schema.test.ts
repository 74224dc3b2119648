import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import {
  type OpenAiSchema,
  type OpenAiShape,
  openAiRelaxations,
  openAiSchemaOrNotice,
  openOpenAiSchema,
} from "@headgate/testing/openai-schema";
import { describe, expect, it } from "vitest";

const schema = openAiSchemaOrNotice("OpenAI's description of its answers");
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const message = { role: "assistant", content: "Hi", refusal: null };
const choice = { index: 0, finish_reason: "stop", logprobs: null, message };
const about = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m" };
const answer = { ...about, choices: [choice], usage };
const delta = { index: 0, delta: { content: "Hi" }, finish_reason: null };
const chunk = { ...about, object: "chat.completion.chunk", choices: [delta] };
const error = { message: "No.", type: "server_error", param: null, code: null };

describe.skipIf(schema === undefined)("OpenAI's description of its answers", () => {
  it.each<{ name: string; shape: OpenAiShape; value: unknown }>([
    { name: "an answer", shape: "chat", value: answer },
    { name: "a chunk", shape: "chat-chunk", value: chunk },
    { name: "a chunk whose usage is null", shape: "chat-chunk", value: { ...chunk, usage: null } },
    { name: "an error", shape: "error", value: { error } },
  ])("finds nothing wrong with $name", ({ shape, value }) => {
    expect(schema?.problems(shape, value)).toEqual([]);
  });

  it.each<{ name: string; shape: OpenAiShape; value: unknown; problem: RegExp }>([
    {
      name: "an unknown finish reason",
      shape: "chat",
      value: { ...answer, choices: [{ ...choice, finish_reason: "end_turn" }] },
      problem: /\/choices\/0\/finish_reason must be equal/,
    },
    {
      name: "a fraction of a token",
      shape: "chat",
      value: { ...answer, usage: { ...usage, prompt_tokens: 0.5 } },
      problem: /\/usage\/prompt_tokens must be integer/,
    },
    {
      name: "tool calls of null",
      shape: "chat",
      value: { ...answer, choices: [{ ...choice, message: { ...message, tool_calls: null } }] },
      problem: /\/tool_calls must be array/,
    },
    {
      name: "a chunk without a finish reason",
      shape: "chat-chunk",
      value: { ...chunk, choices: [{ index: 0, delta: {} }] },
      problem: /required property 'finish_reason'/,
    },
    {
      name: "an error without a code",
      shape: "error",
      value: { error: { message: "No.", type: "server_error", param: null } },
      problem: /\/error must have required property 'code'/,
    },
    {
      name: "an event of an unknown type",
      shape: "response-event",
      value: { type: "response.paused" },
      problem: /no event has the type/,
    },
    {
      name: "a delta that is no text",
      shape: "response-event",
      value: { type: "response.output_text.delta", delta: 1 },
      problem: /ResponseTextDeltaEvent\/delta must be string/,
    },
    {
      name: "an item of an unknown type",
      shape: "response-event",
      value: { type: "response.output_item.added", item: { type: "song" } },
      problem: /\/item\/type must be equal to one of the allowed values: .*"function_call"/,
    },
  ])("finds what is wrong with $name", ({ shape, value, problem }) => {
    const problems = schema?.problems(shape, value) ?? [];
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });

  it("is absent where nobody put it", () => {
    expect(openOpenAiSchema({ HEADGATE_OPENAI_SCHEMA: "/nonexistent" })).toBeUndefined();
  });
});

/** Recordings under OpenAI's name that are not what its API answers today. */
const unlike: Readonly<Record<string, string>> = {
  "openai__chat__chat-completion-image-input": "The vision preview of 2023 had finish_details.",
  "openai__chat-stream__test-tools-streaming-variant-d": "Meta's model, through a router.",
  "openai__chat-stream__azure-model-router-1": "Azure's: its first chunk names no object.",
  "openai__responses-stream__test-openai-responses-stream-1": "March 2025: no sequence numbers.",
  "openai__responses__test-input-guardrails": "March 2025: no logprobs.",
  "openai__responses-stream__test-simple-agent-streamed": "March 2025: no sequence numbers.",
};

describeExchanges("OpenAI's recorded answers", (library) => {
  const exchanges = library
    .list({ providers: ["openai"], kinds: Object.keys(shapes) })
    .filter(({ name }) => !(name in unlike));

  it.skipIf(schema === undefined).each(exchanges)("$name fits the description", (exchange) => {
    expect(problemsOf(schema, exchange)).toEqual([]);
  });

  const strict = schema?.with([]);
  const strange = exchanges.filter((exchange) => problemsOf(strict, exchange).length > 0);
  it.skipIf(schema === undefined).each(openAiRelaxations)(
    "without $schema $path: $allow, some would not",
    (relaxation) => {
      const fewer = schema?.with(openAiRelaxations.filter((other) => other !== relaxation));
      expect(strange.some((exchange) => problemsOf(fewer, exchange).length > 0)).toBe(true);
    },
  );
});

const shapes: Readonly<Record<string, readonly [whole: OpenAiShape, piece: OpenAiShape]>> = {
  chat: ["chat", "chat-chunk"],
  completions: ["completion", "completion-chunk"],
  embeddings: ["embeddings", "embeddings"],
  responses: ["response", "response-event"],
  models: ["models", "models"],
};

function problemsOf(judge: OpenAiSchema | undefined, exchange: Exchange): readonly string[] {
  if (judge === undefined) return [];
  return claimsOf(exchange).flatMap(([shape, value]) => judge.problems(shape, value));
}

/** What the recording holds, and what each of it claims to be. */
function claimsOf(exchange: Exchange): readonly (readonly [OpenAiShape, unknown])[] {
  const [whole, piece] = shapes[exchange.kind] ?? [];
  const text = exchangeBytes(exchange).toString();
  if (whole === undefined || piece === undefined) return [];
  if (exchange.stream) return eventData(text).map((data) => [piece, data]);
  const body: unknown = JSON.parse(text);
  if (exchange.response.status >= 400) return [["error", body]];
  return [[isRecord(body) && body["object"] === "model" ? "model" : whole, body]];
}

function eventData(text: string): readonly unknown[] {
  return [...text.matchAll(/^data: ?(.*)$/gm)]
    .map(([, data = ""]) => data)
    .filter((data) => data !== "[DONE]")
    .map((data): unknown => JSON.parse(data));
}
