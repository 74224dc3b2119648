import { Fault } from "@headgate/core";
import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { anthropicApi } from "../../providers/anthropic/api.ts";
import { anthropicDialect } from "./dialect.ts";

type Json = Readonly<Record<string, unknown>>;

const hi = [{ role: "user", content: "Hi" }];

function read(body: Json): ChatRequest {
  return anthropicDialect.readRequest({ model: "m", messages: hi, ...body });
}

/** To be sent to Anthropic again. */
function sent(body: Json, model = "claude-opus-5"): Json {
  const request = read(body);
  const target = { model, basePath: "", apiVersion: "", keepAlive: "", project: "", location: "" };
  const { model: _, ...rest } = anthropicApi.chat.request(request, target).body;
  return rest;
}

const text = (said: string, more: object = {}): object => ({ type: "text", text: said, ...more });
const user = (...content: object[]): object => ({ role: "user", content });
const assistant = (...content: object[]): object => ({ role: "assistant", content });

interface Row {
  readonly name: string;
  readonly body: Json;
  readonly model?: string;
  /** Where it is not the body itself. */
  readonly becomes?: Json;
}

const limit = { max_tokens: 100 };
const messages = [user(text("Hi"))];

const lossless: readonly Row[] = [
  {
    name: "a short form of text",
    body: { ...limit, system: "s", messages: hi },
    becomes: { ...limit, system: [text("s")], messages },
  },
  {
    name: "sampling",
    model: "claude-3-opus",
    body: { ...limit, messages, temperature: 0, top_p: 0.5, top_k: 3, stop_sequences: ["x"] },
  },
  { name: "a stream", body: { ...limit, messages, stream: true } },
  { name: "no limit for a warm cache", body: { max_tokens: 0, messages } },
  {
    name: "system blocks with marks",
    body: {
      ...limit,
      messages,
      system: [text("s", { cache_control: { type: "ephemeral", ttl: "1h" } }), text("t")],
    },
  },
  {
    name: "a mark that says more",
    body: {
      ...limit,
      messages: [user(text("a", { cache_control: { type: "ephemeral", scope: "global" } }))],
    },
  },
  {
    name: "a mark for the whole request",
    body: { ...limit, messages, cache_control: { type: "ephemeral" } },
  },
  {
    name: "a system turn",
    body: {
      ...limit,
      messages: [...messages, { role: "system", content: [text("s")], clear_at: "never" }],
    },
  },
  {
    name: "images and documents of every source",
    body: {
      ...limit,
      messages: [
        user(
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
          {
            type: "image",
            source: { type: "url", url: "https://x/y.png" },
            transformations: { oversized_image: "error" },
          },
          { type: "image", source: { type: "file", file_id: "file_1" } },
          {
            type: "document",
            source: { type: "base64", media_type: "application/pdf", data: "AA==" },
            title: "t",
            context: "c",
            citations: { enabled: true },
          },
          {
            type: "document",
            source: { type: "text", media_type: "text/plain", data: "d" },
            citations: { enabled: false },
          },
          { type: "document", source: { type: "content", content: [text("d")] }, title: "t" },
          {
            type: "document",
            source: { type: "file", file_id: "file_2" },
            cache_control: { type: "ephemeral" },
          },
          { type: "search_result", source: "s", title: "t", content: [text("d")] },
          { type: "container_upload", file_id: "file_3" },
        ),
      ],
    },
  },
  {
    name: "calls and results",
    body: {
      ...limit,
      messages: [
        ...messages,
        assistant(
          { type: "thinking", thinking: "hm", signature: "s" },
          { type: "redacted_thinking", data: "d" },
          text("ok", {
            citations: [{ type: "char_location", cited_text: "c", document_index: 0 }],
          }),
          {
            type: "tool_use",
            id: "a",
            name: "f",
            input: { x: [1, { y: null }] },
            caller: { type: "direct" },
          },
          { type: "tool_use", id: "b", name: "f", input: {}, cache_control: { type: "ephemeral" } },
          { type: "server_tool_use", id: "c", name: "web_search", input: { query: "q" } },
          { type: "web_search_tool_result", tool_use_id: "c", content: [] },
        ),
        user(
          {
            type: "tool_result",
            tool_use_id: "a",
            content: [text("1"), { type: "tool_reference", tool_name: "g" }],
            is_error: false,
          },
          {
            type: "tool_result",
            tool_use_id: "b",
            is_error: true,
            toolset_name: "browser",
            cache_control: { type: "ephemeral" },
          },
          text("and?"),
        ),
      ],
    },
  },
  {
    name: "tools of all kinds",
    body: {
      ...limit,
      messages,
      tools: [
        {
          name: "f",
          description: "d",
          input_schema: { type: "object" },
          strict: true,
          eager_input_streaming: true,
          input_examples: [{}],
        },
        { type: "custom", name: "g", input_schema: { type: "object" }, defer_loading: true },
        { type: "bash_20250124", name: "bash" },
        { type: "mcp_toolset", mcp_server_name: "m" },
      ],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    },
    becomes: {
      ...limit,
      messages,
      tools: [
        {
          name: "f",
          description: "d",
          input_schema: { type: "object" },
          strict: true,
          eager_input_streaming: true,
          input_examples: [{}],
        },
        { name: "g", input_schema: { type: "object" }, defer_loading: true },
        { type: "bash_20250124", name: "bash" },
        { type: "mcp_toolset", mcp_server_name: "m" },
      ],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    },
  },
  {
    name: "a budget",
    model: "claude-opus-4-5",
    body: {
      max_tokens: 5000,
      messages,
      thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" },
    },
  },
  {
    name: "adaptive thoughts with effort",
    body: {
      ...limit,
      messages,
      thinking: { type: "adaptive", display: "summarized" },
      output_config: { effort: "xhigh" },
    },
  },
  {
    name: "no thoughts with effort",
    body: { ...limit, messages, thinking: { type: "disabled" }, output_config: { effort: "low" } },
    becomes: {
      ...limit,
      messages,
      thinking: { type: "disabled" },
      output_config: { effort: "low" },
    },
  },
  {
    name: "thoughts between tools",
    model: "claude-sonnet-5-5",
    body: { ...limit, messages, thinking: { type: "between_tools" } },
  },
  {
    name: "thoughts of a kind to come",
    body: { ...limit, messages, thinking: { type: "dreaming", depth: 3 } },
  },
  {
    name: "a format as it was written, and what else is said of the output",
    body: {
      ...limit,
      messages,
      output_config: {
        format: {
          type: "json_schema",
          schema: { type: "object", properties: { a: { type: "number", minimum: 1 } } },
        },
        task_budget: { type: "tokens", total: 5 },
      },
    },
  },
  {
    name: "everything else",
    body: {
      ...limit,
      messages,
      metadata: { user_id: "u", x: 1 },
      service_tier: "standard_only",
      container: { id: "c", skills: [] },
      mcp_servers: [{ type: "url", url: "https://x" }],
      context_management: { edits: [] },
      inference_geo: "eu",
      speed: "fast",
      diagnostics: { previous_message_id: "msg_1" },
    },
  },
];

describe("what a client of Anthropic's dialect asks", () => {
  it.each(lossless)("comes back to Anthropic without loss: $name", ({ body, model, becomes }) => {
    expect(sent(body, model)).toEqual(becomes ?? body);
  });

  it("is in the common form", () => {
    const request = read({
      max_tokens: 5000,
      system: "s",
      messages: [
        {
          role: "user",
          content: [
            text("a"),
            { type: "tool_result", tool_use_id: "x", content: "r", is_error: true },
          ],
        },
        { role: "assistant", content: "b" },
      ],
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
      thinking: { type: "enabled", budget_tokens: 2000 },
      output_config: { effort: "low", format: { type: "json_schema", schema: {} } },
      metadata: { user_id: "u" },
      stream: true,
    });
    expect(request).toEqual({
      messages: [
        { role: "system", content: [text("s")] },
        { role: "user", content: [text("a")] },
        { role: "tool", callId: "x", content: [text("r")], isError: true },
        { role: "assistant", content: [text("b")] },
      ],
      tools: [{ type: "function", name: "f", parameters: { type: "object" } }],
      toolChoice: { type: "function", name: "f" },
      parallelToolCalls: false,
      reasoning: { effort: "low", budgetTokens: 2000 },
      format: { type: "json_schema", name: "answer", schema: {} },
      maxOutputTokens: 5000,
      user: "u",
      stream: true,
      more: { dialect: "anthropic", members: {} },
    });
  });

  it("gives other vendors' proofs back to what they belong to", () => {
    const carried = (signature: string): object => ({ type: "thinking", thinking: "", signature });
    const [message] = read({
      messages: [
        assistant(
          { type: "thinking", thinking: "hm", signature: "headgate.gemini.thought.t" },
          text("a"),
          carried("headgate.gemini.text.x"),
          carried("headgate.gemini.call.c"),
          { type: "tool_use", id: "1", name: "f", input: {} },
          { type: "tool_use", id: "2", name: "f", input: {} },
          { type: "redacted_thinking", data: "headgate.openai.thought.o" },
        ),
      ],
    }).messages;
    const gemini = (value: string): object => ({ vendor: "gemini", value });
    expect(message?.content).toEqual([
      { type: "reasoning", text: "hm", signature: gemini("t") },
      { type: "text", text: "a", signature: gemini("x") },
      { type: "tool-call", id: "1", name: "f", arguments: "{}", signature: gemini("c") },
      { type: "tool-call", id: "2", name: "f", arguments: "{}" },
      { type: "redacted-reasoning", data: { vendor: "openai", value: "o" } },
    ]);
  });
});

describe("a body that is wrong", () => {
  const block = (one: unknown): Json => ({ messages: [{ role: "user", content: [one] }] });
  it.each<[string, Json, string]>([
    ["no messages", { messages: undefined }, "messages: required, a list."],
    ["messages that are no list", { messages: {} }, "messages: expected a list, not an object."],
    ["an empty list of them", { messages: [] }, "messages: at least one message is required."],
    [
      "a message that is none",
      { messages: ["Hi"] },
      "messages[0]: expected an object, not a string.",
    ],
    [
      "a role that is none",
      { messages: [{ role: "tool", content: "" }] },
      'messages[0].role: expected user, assistant or system, not "tool".',
    ],
    [
      "no content",
      { messages: [{ role: "user" }] },
      "messages[0].content: required, text or a list of blocks.",
    ],
    ["a block without a type", block({}), "messages[0].content[0].type: required, text."],
    [
      "a text without text",
      block({ type: "text" }),
      "messages[0].content[0].text: required, text.",
    ],
    [
      "an image without a source",
      block({ type: "image" }),
      "messages[0].content[0].source: required, an object.",
    ],
    [
      "a source without data",
      block({ type: "image", source: { type: "base64", media_type: "image/png" } }),
      "messages[0].content[0].source.data: required, text.",
    ],
    [
      "a result of no call",
      block({ type: "tool_result" }),
      "messages[0].content[0].tool_use_id: required, text.",
    ],
    [
      "input that is no object",
      { messages: [assistant({ type: "tool_use", id: "a", name: "f", input: "x" })] },
      "messages[0].content[0].input: expected an object, not a string.",
    ],
    [
      "a system of images",
      { system: [{ type: "image" }] },
      'system[0].type: expected text, not "image".',
    ],
    ["a tool without a name", { tools: [{ input_schema: {} }] }, "tools[0].name: required, text."],
    [
      "a choice that is none",
      { tool_choice: { type: "required" } },
      'tool_choice.type: expected auto, any, tool or none, not "required".',
    ],
    [
      "a limit that is no number",
      { max_tokens: "9" },
      "max_tokens: expected a number, not a string.",
    ],
    [
      "a limit below 0",
      { max_tokens: -1 },
      "max_tokens: expected a whole number, 0 or more, not -1.",
    ],
    [
      "thoughts without a budget",
      { thinking: { type: "enabled" } },
      "thinking.budget_tokens: required, a number.",
    ],
    [
      "stop sequences that are none",
      { stop_sequences: [1] },
      "stop_sequences[0]: expected text, not a number.",
    ],
  ])("has %s", (_, body, message) => {
    const reading = (): unknown => read(body);
    expect(reading).toThrow(Fault);
    expect(reading).toThrow(message);
    const param = message.split(":")[0];
    expect(reading).toThrow(expect.objectContaining({ param }));
  });
});
