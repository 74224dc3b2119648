import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import { describe, expect, it } from "vitest";
import type { AnswerPart, ChatAnswer } from "../../chat/chat-answer.ts";
import type { WriteContext } from "../dialect.ts";
import { responsesDialect } from "./dialect.ts";
import { clients } from "./responses-client.fixture.ts";

const schema = openAiSchemaOrNotice("Answers of the Responses API");
const format = {
  type: "json_schema" as const,
  name: "person",
  strict: true,
  schema: {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    additionalProperties: false,
  },
};
const tool = {
  type: "function" as const,
  name: "lookup",
  strict: true,
  parameters: {
    type: "object",
    properties: { q: { type: "string" } },
    required: ["q"],
    additionalProperties: false,
  },
};

describe("writeAnswer()", () => {
  it.each<{ name: string; parts: readonly AnswerPart[]; output: readonly unknown[] }>([
    {
      name: "texts and refusals in one message, as they followed each other",
      parts: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
        { type: "refusal", text: "no" },
      ],
      output: [
        {
          id: expect.stringMatching(/^msg_[0-9a-f]{44}$/),
          type: "message",
          role: "assistant",
          status: "completed",
          content: [
            { type: "output_text", text: "a", annotations: [], logprobs: [] },
            { type: "output_text", text: "b", annotations: [], logprobs: [] },
            { type: "refusal", refusal: "no" },
          ],
        },
      ],
    },
    {
      name: "a thought, and OpenAI's own proof of it as it is",
      parts: [{ type: "reasoning", text: "hm", signature: { vendor: "openai", value: "gAAA" } }],
      output: [
        {
          id: expect.stringMatching(/^rs_/),
          type: "reasoning",
          summary: [{ type: "summary_text", text: "hm" }],
          encrypted_content: "gAAA",
        },
      ],
    },
    {
      name: "state of a call before it",
      parts: [
        {
          type: "tool-call",
          id: "c1",
          name: "lookup",
          arguments: "",
          signature: { vendor: "gemini", value: "s" },
        },
      ],
      output: [
        { type: "reasoning", summary: [], encrypted_content: expect.stringMatching(/^hg1\./) },
        {
          type: "function_call",
          call_id: "c1",
          name: "lookup",
          arguments: "{}",
          status: "completed",
        },
      ],
    },
    {
      name: "a call of a custom tool with its input",
      parts: [{ type: "tool-call", id: "c1", name: "patch", arguments: '{"input":"*** a"}' }],
      output: [{ type: "custom_tool_call", call_id: "c1", name: "patch", input: "*** a" }],
    },
    {
      name: "sources of a text",
      parts: [
        {
          type: "text",
          text: "a",
          annotations: [
            {
              type: "url_citation",
              url_citation: { url: "https://e.com/", title: "E", start_index: 0, end_index: 1 },
            },
          ],
        },
      ],
      output: [
        {
          content: [
            {
              annotations: [
                {
                  type: "url_citation",
                  url: "https://e.com/",
                  title: "E",
                  start_index: 0,
                  end_index: 1,
                },
              ],
            },
          ],
        },
      ],
    },
    {
      name: "an item of this dialect as it was, and of others nothing",
      parts: [
        {
          type: "opaque",
          dialect: "responses",
          value: { type: "image_generation_call", id: "ig_1" },
        },
        { type: "opaque", dialect: "gemini", value: { type: "x", id: "y" } },
        { type: "text", text: "" },
      ],
      output: [{ type: "image_generation_call", id: "ig_1" }],
    },
  ])("writes $name", ({ parts, output }) => {
    const { output: written } = write(parts);
    expect(written).toMatchObject(output);
    expect(written).toHaveLength(output.length);
  });

  it("says again what was asked, in a response that fits the description", () => {
    const response = write([{ type: "text", text: "a" }]);
    expect(response).toMatchObject({
      id: expect.stringMatching(/^resp_[0-9a-f]{40}$/),
      created_at: 7,
      model: "upstream-model",
      instructions: "Be brief.",
      metadata: { a: "b" },
      store: false,
      previous_response_id: null,
      tool_choice: "required",
      tools: [
        tool,
        { type: "function", name: "bare", parameters: null, strict: false },
        { type: "custom" },
      ],
      text: { format, verbosity: "low" },
      reasoning: { effort: "low", summary: null },
      service_tier: "flex",
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
    });
    expect(schema?.problems("response", response) ?? []).toEqual([]);
  });

  it("has ids that no other answer of the conversation has", () => {
    const ids = ["r1", "r2"].map((requestId) => write([], { requestId })["id"]);
    expect(new Set(ids).size).toBe(2);
  });

  it.each(clients)("is parsed by $name", async ({ client }) => {
    const parts: AnswerPart[] = [
      { type: "text", text: '{"name":"Ada"}' },
      { type: "tool-call", id: "c1", name: "lookup", arguments: '{"q":"x"}' },
    ];
    const body = JSON.stringify(write(parts));
    const parsed = await client({ body, stream: false }).responses.parse({
      model: "m",
      input: "x",
      text: { format },
      tools: [tool],
    });
    expect(parsed.output_text).toBe('{"name":"Ada"}');
    expect(parsed.output_parsed).toEqual({ name: "Ada" });
    expect(parsed.output[1]).toMatchObject({ parsed_arguments: { q: "x" } });
  });
});

function write(parts: readonly AnswerPart[], over: Partial<WriteContext> = {}) {
  const answer: ChatAnswer = {
    id: "vendor-id",
    serviceTier: "flex",
    choices: [{ parts, finish: { reason: "stop" } }],
    usage: { inputTokens: 3, outputTokens: 4 },
  };
  return responsesDialect.writeAnswer(answer, { ...context, ...over });
}

const context: WriteContext = {
  requestId: "req-1",
  model: "upstream-model",
  createdS: 7,
  includeUsage: false,
  request: responsesDialect.readRequest({
    input: "Hello",
    instructions: "Be brief.",
    metadata: { a: "b" },
    tool_choice: "required",
    text: { format, verbosity: "low" },
    reasoning: { effort: "low" },
    tools: [tool, { type: "function", name: "bare" }, { type: "custom", name: "patch" }],
  }),
};
