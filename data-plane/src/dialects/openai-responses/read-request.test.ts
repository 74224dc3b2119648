import { Fault } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatMessage, ChatRequest } from "../../chat/chat-request.ts";
import { readRequest } from "./read-request.ts";
import { sealEnvelope } from "./reasoning-envelope.ts";

const signature = { vendor: "anthropic", value: "sig==" } as const;
const thought = { type: "summary_text", text: "hm" };
const weather = { type: "function", name: "weather", parameters: { type: "object" }, strict: true };

describe("readRequest() reads", () => {
  it.each<{ name: string; body: Record<string, unknown>; request: Partial<ChatRequest> }>([
    {
      name: "nothing but a text",
      body: { input: "Hello" },
      request: { messages: [user("Hello")], tools: [], stream: false, more: more({}) },
    },
    {
      name: "instructions as the first message",
      body: { input: "Hello", instructions: "Be brief." },
      request: { messages: [said("system", "Be brief."), user("Hello")] },
    },
    {
      name: "numbers, and who asks",
      body: {
        input: "x",
        max_output_tokens: 20,
        temperature: 0,
        top_p: 0.5,
        parallel_tool_calls: false,
        user: "u1",
        safety_identifier: "s1",
        stream: true,
      },
      request: {
        maxOutputTokens: 20,
        temperature: 0,
        topP: 0.5,
        parallelToolCalls: false,
        user: "u1",
        stream: true,
        more: more({ safety_identifier: "s1" }),
      },
    },
    {
      name: "null as if it were not there",
      body: { input: "x", temperature: null, tools: null, text: null, reasoning: null, user: null },
      request: { tools: [], more: more({}) },
    },
    {
      name: "JSON as the format",
      body: { input: "x", text: { format: { type: "json_object" } } },
      request: { format: { type: "json" }, more: more({}) },
    },
    {
      name: "a schema as the format, and what else is said of the text",
      body: {
        input: "x",
        text: {
          verbosity: "low",
          format: { type: "json_schema", name: "p", schema: { type: "object" }, strict: true },
        },
      },
      request: {
        format: { type: "json_schema", name: "p", schema: { type: "object" }, strict: true },
        more: more({ text: { verbosity: "low" } }),
      },
    },
    {
      name: "reasoning that is to be shown",
      body: { input: "x", reasoning: { effort: "xhigh", summary: "auto" } },
      request: { reasoning: { effort: "xhigh", shown: true }, more: more({}) },
    },
    {
      name: "reasoning with more to it",
      body: { input: "x", reasoning: { effort: "low", summary: null, context: "auto" } },
      request: { reasoning: { effort: "low" }, more: more({ reasoning: { context: "auto" } }) },
    },
    {
      name: "log probabilities that are included",
      body: { input: "x", include: ["message.output_text.logprobs"], top_logprobs: 3 },
      request: { logprobs: { top: 3 }, more: more({}) },
    },
    {
      name: "what is so anyway as nothing",
      body: {
        input: "x",
        store: false,
        background: false,
        truncation: "disabled",
        include: ["reasoning.encrypted_content"],
        stream_options: { include_obfuscation: false },
      },
      request: { more: more({}) },
    },
    {
      name: "what has no place as it is",
      body: {
        input: "x",
        store: true,
        metadata: { a: "b" },
        service_tier: "flex",
        max_tool_calls: 3,
        truncation: "auto",
        include: ["web_search_call.results"],
        prompt_cache_key: "k",
      },
      request: {
        more: more({
          store: true,
          metadata: { a: "b" },
          service_tier: "flex",
          max_tool_calls: 3,
          truncation: "auto",
          include: ["web_search_call.results"],
          prompt_cache_key: "k",
        }),
      },
    },
    {
      name: "functions, with members of their own",
      body: {
        input: "x",
        tools: [
          weather,
          { type: "function", name: "f", parameters: null, strict: null, defer_loading: true },
        ],
      },
      request: {
        tools: [
          { type: "function", name: "weather", parameters: { type: "object" }, strict: true },
          { type: "function", name: "f", more: more({ defer_loading: true }) },
        ],
      },
    },
    {
      name: "tools that OpenAI runs, unread",
      body: { input: "x", tools: [{ type: "web_search", filters: {} }] },
      request: { tools: [opaque({ type: "web_search", filters: {} })] },
    },
    {
      name: "tools of free text as functions with one string",
      body: {
        input: "x",
        tools: [
          {
            type: "custom",
            name: "patch",
            description: "Applies it.",
            format: { type: "grammar", syntax: "lark", definition: "start: A" },
          },
        ],
      },
      request: {
        tools: [
          {
            type: "function",
            name: "patch",
            description: "Applies it.\n\nThe input must follow this grammar (lark):\nstart: A",
            parameters: expect.objectContaining({ required: ["input"] }),
            more: expect.anything(),
          },
        ],
      },
    },
    ...(["auto", "none", "required"] as const).map((type) => ({
      name: `the choice ${type}`,
      body: { input: "x", tool_choice: type },
      request: { toolChoice: { type } },
    })),
    {
      name: "the choice of one function",
      body: { input: "x", tool_choice: { type: "function", name: "weather" } },
      request: { toolChoice: { type: "function", name: "weather" }, more: more({}) },
    },
    {
      name: "the choice of some functions",
      body: {
        input: "x",
        tool_choice: {
          type: "allowed_tools",
          mode: "required",
          tools: [
            { type: "function", name: "a" },
            { type: "mcp", server_label: "s" },
          ],
        },
      },
      request: { toolChoice: { type: "allowed", mode: "required", names: ["a"] } },
    },
    {
      name: "the choice of a tool that OpenAI runs as more",
      body: { input: "x", tool_choice: { type: "web_search_preview" } },
      request: { more: more({ tool_choice: { type: "web_search_preview" } }) },
    },
  ])("$name", ({ body, request }) => {
    const found = readRequest({ model: "m", ...body });
    for (const [member, value] of Object.entries(request)) {
      expect(Reflect.get(found, member), member).toEqual(value);
    }
  });

  it.each<{ name: string; items: readonly unknown[]; messages: readonly unknown[] }>([
    {
      name: "messages with and without their type",
      items: [
        { role: "developer", content: "Be kind." },
        { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] },
        { role: "assistant", content: "Hello." },
      ],
      messages: [said("developer", "Be kind."), user("Hi"), said("assistant", "Hello.")],
    },
    {
      name: "images by URL, by data URL and by id",
      items: [
        {
          role: "user",
          content: [
            { type: "input_image", image_url: "https://example.com/a.png", detail: "original" },
            { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "low" },
            { type: "input_image", file_id: "file-1" },
          ],
        },
      ],
      messages: [
        content("user", [
          {
            type: "image",
            source: { kind: "url", url: "https://example.com/a.png" },
            detail: "high",
          },
          {
            type: "image",
            source: { kind: "data", mediaType: "image/png", data: "AAAA" },
            detail: "low",
          },
          { type: "image", source: { kind: "id", id: "file-1" } },
        ]),
      ],
    },
    {
      name: "files as data, bare base64, URL and id",
      items: [
        {
          role: "user",
          content: [
            {
              type: "input_file",
              filename: "a.pdf",
              file_data: "data:application/pdf;base64,AAAA",
            },
            { type: "input_file", filename: "a.txt", file_data: "AAAA" },
            { type: "input_file", file_url: "https://example.com/a.pdf" },
            { type: "input_file", file_id: "file-1" },
          ],
        },
      ],
      messages: [
        content("user", [
          {
            type: "file",
            source: { kind: "data", mediaType: "application/pdf", data: "AAAA" },
            filename: "a.pdf",
          },
          {
            type: "file",
            source: { kind: "data", mediaType: "text/plain", data: "AAAA" },
            filename: "a.txt",
          },
          { type: "file", source: { kind: "url", url: "https://example.com/a.pdf" } },
          { type: "file", source: { kind: "id", id: "file-1" } },
        ]),
      ],
    },
    {
      name: "sound, and marks for the cache",
      items: [
        {
          role: "user",
          content: [
            { type: "input_audio", input_audio: { format: "wav", data: "AAAA" } },
            { type: "input_text", text: "a", prompt_cache_breakpoint: { mode: "explicit" } },
          ],
        },
      ],
      messages: [
        content("user", [
          { type: "audio", mediaType: "audio/wav", data: "AAAA" },
          { type: "text", text: "a", cache: {} },
        ]),
      ],
    },
    {
      name: "a turn of thoughts, text and calls as one message, and results behind it",
      items: [
        { role: "user", content: "Where?" },
        { type: "reasoning", id: "rs_1", summary: [thought] },
        {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: [
            {
              type: "output_text",
              text: "See.",
              annotations: [{ type: "file_path" }],
              logprobs: [],
            },
            { type: "refusal", refusal: "No." },
          ],
        },
        { type: "function_call", call_id: "c1", name: "a", arguments: "{}" },
        { type: "function_call", call_id: "c2", name: "b", arguments: '{"x":1}' },
        { type: "function_call_output", call_id: "c1", output: "one" },
        {
          type: "function_call_output",
          call_id: "c2",
          output: [{ type: "input_text", text: "two" }],
        },
      ],
      messages: [
        user("Where?"),
        content("assistant", [
          { type: "reasoning", text: "hm" },
          {
            type: "text",
            text: "See.",
            citations: { dialect: "responses", list: [{ type: "file_path" }] },
          },
          { type: "refusal", text: "No." },
          { type: "tool-call", id: "c1", name: "a", arguments: "{}" },
          { type: "tool-call", id: "c2", name: "b", arguments: '{"x":1}' },
        ]),
        { role: "tool", callId: "c1", content: [{ type: "text", text: "one" }] },
        { role: "tool", callId: "c2", content: [{ type: "text", text: "two" }] },
      ],
    },
    {
      name: "turns that follow each other apart",
      items: [
        { role: "user", content: "1" },
        { role: "assistant", content: "a" },
        { role: "user", content: "2" },
        { role: "assistant", content: "b" },
      ],
      messages: [user("1"), said("assistant", "a"), user("2"), said("assistant", "b")],
    },
    {
      name: "calls of custom tools and their results",
      items: [
        { type: "custom_tool_call", call_id: "c1", name: "patch", input: 'a"b' },
        { type: "custom_tool_call_output", call_id: "c1", output: "done" },
      ],
      messages: [
        content("assistant", [
          { type: "tool-call", id: "c1", name: "patch", arguments: '{"input":"a\\"b"}' },
        ]),
        { role: "tool", callId: "c1", content: [{ type: "text", text: "done" }] },
      ],
    },
    {
      name: "thoughts of a vendor with its proof, shown or not",
      items: [
        { type: "reasoning", summary: [thought], encrypted_content: sealed({ kind: "reasoning" }) },
        { type: "reasoning", summary: [], encrypted_content: sealed({ kind: "redacted" }) },
      ],
      messages: [
        content("assistant", [
          { type: "reasoning", text: "hm", signature },
          { type: "redacted-reasoning", data: signature },
        ]),
      ],
    },
    {
      name: "state of a text, and of a call wherever it stands",
      items: [
        { role: "assistant", content: "a" },
        { type: "reasoning", summary: [], encrypted_content: sealed({ kind: "text" }) },
        { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
        {
          type: "reasoning",
          summary: [],
          encrypted_content: sealed({ kind: "call", callId: "c1" }),
        },
      ],
      messages: [
        content("assistant", [
          { type: "text", text: "a", signature },
          { type: "tool-call", id: "c1", name: "f", arguments: "{}", signature },
        ]),
      ],
    },
    {
      name: "OpenAI's own thoughts, and of those that say nothing, nothing",
      items: [
        { type: "reasoning", id: "rs_1", summary: [thought, thought], encrypted_content: "gAAA" },
        { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "gBBB" },
        { type: "reasoning", id: "rs_3", summary: [], encrypted_content: null },
        {
          type: "reasoning",
          id: "rs_4",
          summary: [],
          content: [{ type: "reasoning_text", text: "aloud" }],
        },
        { type: "reasoning", id: "rs_5", summary: [], encrypted_content: "hg1.damaged" },
      ],
      messages: [
        content("assistant", [
          { type: "reasoning", text: "hm\n\nhm", signature: { vendor: "openai", value: "gAAA" } },
          { type: "redacted-reasoning", data: { vendor: "openai", value: "gBBB" } },
          { type: "reasoning", text: "aloud" },
        ]),
      ],
    },
    {
      name: "calls and results of tools that OpenAI runs, unread",
      items: [
        { type: "web_search_call", id: "ws_1", status: "completed", action: {} },
        { type: "computer_call_output", call_id: "c", output: {} },
      ],
      messages: [
        content("assistant", [
          opaque({ type: "web_search_call", id: "ws_1", status: "completed", action: {} }),
        ]),
        content("user", [opaque({ type: "computer_call_output", call_id: "c", output: {} })]),
      ],
    },
  ])("$name", ({ items, messages }) => {
    expect(readRequest({ model: "m", input: items }).messages).toEqual(messages);
  });
});

describe("readRequest() refuses", () => {
  it.each<{ name: string; body: Record<string, unknown>; code: string; param: string }>([
    { name: "no input", body: {}, code: "missing_required_parameter", param: "input" },
    { name: "a number as input", body: { input: 1 }, code: "invalid_type", param: "input" },
    {
      name: "an item that is a text",
      body: { input: ["x"] },
      code: "invalid_type",
      param: "input[0]",
    },
    {
      name: "an unknown role",
      body: { input: [{ role: "tool", content: "x" }] },
      code: "invalid_value",
      param: "input[0].role",
    },
    {
      name: "a message without content",
      body: { input: [{ role: "user" }] },
      code: "missing_required_parameter",
      param: "input[0].content",
    },
    {
      name: "parts of Chat Completions",
      body: { input: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] },
      code: "invalid_value",
      param: "input[0].content[0].type",
    },
    {
      name: "images in a system message",
      body: { input: [{ role: "system", content: [{ type: "input_image", file_id: "f" }] }] },
      code: "invalid_value",
      param: "input[0].content[0].type",
    },
    {
      name: "an image from nowhere",
      body: { input: [{ role: "user", content: [{ type: "input_image" }] }] },
      code: "missing_required_parameter",
      param: "input[0].content[0].image_url",
    },
    {
      name: "a call without its id",
      body: { input: [{ type: "function_call", name: "f", arguments: "{}" }] },
      code: "missing_required_parameter",
      param: "input[0].call_id",
    },
    {
      name: "arguments that are no text",
      body: { input: [{ type: "function_call", call_id: "c", name: "f", arguments: {} }] },
      code: "invalid_type",
      param: "input[0].arguments",
    },
    {
      name: "a result without output",
      body: { input: [{ type: "function_call_output", call_id: "c" }] },
      code: "missing_required_parameter",
      param: "input[0].output",
    },
    {
      name: "references to items",
      body: { input: [{ type: "item_reference", id: "msg_1" }] },
      code: "unsupported_value",
      param: "input[0]",
    },
    {
      name: "references without their type",
      body: { input: [{ id: "msg_1" }] },
      code: "unsupported_value",
      param: "input[0]",
    },
    {
      name: "to go on from a response",
      body: { input: "x", previous_response_id: "resp_1" },
      code: "unsupported_value",
      param: "previous_response_id",
    },
    {
      name: "conversations that are kept",
      body: { input: "x", conversation: "conv_1" },
      code: "unsupported_value",
      param: "conversation",
    },
    {
      name: "prompts that are kept",
      body: { prompt: { id: "pmpt_1" } },
      code: "unsupported_value",
      param: "prompt",
    },
    {
      name: "to answer in the background",
      body: { input: "x", background: true },
      code: "unsupported_value",
      param: "background",
    },
    {
      name: "an unknown effort",
      body: { input: "x", reasoning: { effort: "huge" } },
      code: "invalid_value",
      param: "reasoning.effort",
    },
    {
      name: "a schema without its name",
      body: { input: "x", text: { format: { type: "json_schema", schema: {} } } },
      code: "missing_required_parameter",
      param: "text.format.name",
    },
    {
      name: "an unknown format",
      body: { input: "x", text: { format: { type: "xml" } } },
      code: "invalid_value",
      param: "text.format.type",
    },
    {
      name: "a tool of Chat Completions",
      body: { input: "x", tools: [{ type: "function", function: { name: "f" } }] },
      code: "missing_required_parameter",
      param: "tools[0].name",
    },
    {
      name: "an unknown choice",
      body: { input: "x", tool_choice: "any" },
      code: "invalid_value",
      param: "tool_choice",
    },
    {
      name: "a temperature that is a text",
      body: { input: "x", temperature: "0" },
      code: "invalid_type",
      param: "temperature",
    },
  ])("$name", ({ body, code, param }) => {
    expect(faultOf({ model: "m", ...body })).toMatchObject({ code, param });
  });

  it("whatever is no request with a fault, and with nothing else", () => {
    const names = ["input", "tools", "text", "reasoning", "tool_choice", "include", "instructions"];
    const body = fc.dictionary(fc.constantFrom(...names), fc.jsonValue());
    fc.assert(
      fc.property(body, (some) => void faultOf(some)),
      { numRuns: 500 },
    );
  });
});

function faultOf(body: Record<string, unknown>): Fault | undefined {
  try {
    readRequest(body);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function user(text: string): ChatMessage {
  return { role: "user", content: [{ type: "text", text }] };
}

function said(role: "system" | "developer" | "assistant", text: string): ChatMessage {
  return { role, content: [{ type: "text", text }] };
}

function content(role: string, parts: readonly unknown[]) {
  return { role, content: parts };
}

function opaque(value: unknown) {
  return { type: "opaque", dialect: "responses", value } as const;
}

function more(members: Readonly<Record<string, unknown>>) {
  return { dialect: "responses", members } as const;
}

function sealed(belongsTo: Parameters<typeof sealEnvelope>[0]["belongsTo"]): string {
  return sealEnvelope({ belongsTo, signature });
}
