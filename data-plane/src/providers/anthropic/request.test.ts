import { Fault } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AssistantPart, ChatMessage, ChatRequest } from "../../chat/chat-request.ts";
import type { Target } from "../provider-api.ts";
import { anthropicApi } from "./api.ts";
import { jsonToolName } from "./json-tool.ts";

const target: Target = {
  model: "claude-sonnet-4-5",
  basePath: "",
  apiVersion: "",
  keepAlive: "",
  project: "",
  location: "",
};

function chat(more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    messages: [user("Hi")],
    tools: [],
    stream: false,
    more: { dialect: "openai", members: {} },
    ...more,
  };
}

function user(text: string): ChatMessage {
  return { role: "user", content: [{ type: "text", text }] };
}

function system(text: string): ChatMessage {
  return { role: "system", content: [{ type: "text", text }] };
}

function assistant(...content: AssistantPart[]): ChatMessage {
  return { role: "assistant", content };
}

function call(id: string, args = "{}"): AssistantPart {
  return { type: "tool-call", id, name: "f", arguments: args };
}

function result(callId: string, text: string): ChatMessage {
  return { role: "tool", callId, content: [{ type: "text", text }] };
}

const text = (said: string): object => ({ type: "text", text: said });
const said = (role: string, ...content: object[]): object => ({ role, content });
const hi = [said("user", text("Hi"))];
const tool = {
  type: "function",
  name: "f",
  parameters: { type: "object", properties: {} },
} as const;
const toolBlock = { name: "f", input_schema: { type: "object", properties: {} } };
const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] } as const;
const closed = { ...schema, additionalProperties: false };
const format = { type: "json_schema", name: "n", schema } as const;
const signature = { vendor: "anthropic", value: "sig" } as const;
const anthropic = { dialect: "anthropic", members: {} } as const;

interface Row {
  readonly name: string;
  readonly model?: string;
  readonly request: Partial<ChatRequest>;
  /** Of the body, beside model, messages "Hi" and the default max_tokens. */
  readonly body: object;
  readonly dropped?: readonly string[];
}

const prompts: readonly Row[] = [
  { name: "a plain prompt, with the model's own limit", request: {}, body: {} },
  {
    name: "the client's limit as it is, even above what the model can",
    request: { maxOutputTokens: 1_000_000 },
    body: { max_tokens: 1_000_000 },
  },
  {
    name: "an old model's limit",
    model: "claude-3-haiku-20240307",
    request: {},
    body: { max_tokens: 4096 },
  },
  {
    name: "a new model's limit",
    model: "claude-opus-5-5",
    request: {},
    body: { max_tokens: 128_000 },
  },
  {
    name: "a safe limit for a model of unknown name",
    model: "mine",
    request: {},
    body: { max_tokens: 8192 },
  },
  { name: "streaming", request: { stream: true }, body: { stream: true } },
  {
    name: "system and developer messages from anywhere as blocks of system",
    request: {
      messages: [
        system("a"),
        { ...system("b"), role: "developer" } as ChatMessage,
        user("Hi"),
        system("c"),
      ],
    },
    body: { system: [text("a"), text("b"), text("c")] },
  },
  {
    name: "an Anthropic client's system turn in its place, where the model takes it",
    model: "claude-opus-5",
    request: { messages: [system("a"), user("Hi"), system("b")], more: anthropic },
    body: {
      max_tokens: 128_000,
      system: [text("a")],
      messages: [...hi, said("system", text("b"))],
    },
  },
  {
    name: "a prompt of nothing but a system message as the user's",
    request: { messages: [system("a")] },
    body: { messages: [said("user", text("a"))] },
  },
  {
    name: "consecutive messages of a role as one",
    request: {
      messages: [
        user("a"),
        user("b"),
        assistant({ type: "text", text: "c" }),
        assistant({ type: "text", text: "d" }),
        user("e"),
      ],
    },
    body: {
      messages: [
        said("user", text("a"), text("b")),
        said("assistant", text("c"), text("d")),
        said("user", text("e")),
      ],
    },
  },
  {
    name: "text without a visible character not at all",
    request: {
      messages: [user("Hi"), user(" \n"), assistant({ type: "text", text: "" }), user("")],
    },
    body: {},
  },
  {
    name: "the beginning of an answer without white space at its end",
    request: { messages: [user("Hi"), assistant({ type: "text", text: "Sure: \n" })] },
    body: { messages: [...hi, said("assistant", text("Sure:"))] },
  },
  {
    name: "a last answer followed by a word of the user's, where the model has no prefill",
    model: "claude-sonnet-4-6",
    request: { messages: [user("Hi"), assistant({ type: "text", text: "Ho" })] },
    body: {
      max_tokens: 128_000,
      messages: [...hi, said("assistant", text("Ho")), said("user", text("Continue."))],
    },
  },
  {
    name: "a first answer behind a word of the user's",
    request: { messages: [assistant({ type: "text", text: "Ho" }), user("Hi")] },
    body: { messages: [said("user", text(".")), said("assistant", text("Ho")), ...hi] },
  },
  {
    name: "a refusal as what the assistant said",
    request: { messages: [user("a"), assistant({ type: "refusal", text: "No" }), user("b")] },
    body: {
      messages: [said("user", text("a")), said("assistant", text("No")), said("user", text("b"))],
    },
  },
  {
    name: "cache marks",
    request: {
      messages: [
        { role: "user", content: [{ type: "text", text: "Hi", cache: { ttl: "1h" } }] },
        { role: "system", content: [{ type: "text", text: "s", cache: {} }] },
      ],
    },
    body: {
      system: [{ ...text("s"), cache_control: { type: "ephemeral" } }],
      messages: [said("user", { ...text("Hi"), cache_control: { type: "ephemeral", ttl: "1h" } })],
    },
  },
  {
    name: "images by URL and as data",
    request: {
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { kind: "url", url: "https://x/y.png" }, detail: "low" },
            { type: "image", source: { kind: "data", mediaType: "image/jpg", data: "AA==" } },
          ],
        },
      ],
    },
    body: {
      messages: [
        said(
          "user",
          { type: "image", source: { type: "url", url: "https://x/y.png" } },
          { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AA==" } },
        ),
      ],
    },
  },
  {
    name: "files: PDF, text as data, text, an image",
    request: {
      messages: [
        {
          role: "user",
          content: [
            {
              type: "file",
              source: { kind: "data", mediaType: "application/pdf", data: "AA==" },
              filename: "a.pdf",
            },
            { type: "file", source: { kind: "data", mediaType: "text/csv", data: "YSxi" } },
            {
              type: "file",
              source: { kind: "text", mediaType: "text/plain", text: "t" },
              citations: true,
              context: "c",
            },
            { type: "file", source: { kind: "url", url: "https://x/y.pdf" } },
            { type: "file", source: { kind: "data", mediaType: "image/png", data: "AA==" } },
          ],
        },
      ],
    },
    body: {
      messages: [
        said(
          "user",
          {
            type: "document",
            source: { type: "base64", media_type: "application/pdf", data: "AA==" },
            title: "a.pdf",
          },
          { type: "document", source: { type: "text", media_type: "text/plain", data: "a,b" } },
          {
            type: "document",
            source: { type: "text", media_type: "text/plain", data: "t" },
            context: "c",
            citations: { enabled: true },
          },
          { type: "document", source: { type: "url", url: "https://x/y.pdf" } },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
        ),
      ],
    },
  },
  {
    name: "an Anthropic client's file by its id",
    request: {
      messages: [
        { role: "user", content: [{ type: "file", source: { kind: "id", id: "file_1" } }] },
      ],
      more: anthropic,
    },
    body: {
      messages: [said("user", { type: "document", source: { type: "file", file_id: "file_1" } })],
    },
  },
];

const calls: readonly Row[] = [
  {
    name: "all results of a turn in the one message behind it, before the user's text",
    request: {
      tools: [tool],
      messages: [
        user("Hi"),
        assistant({ type: "text", text: "ok" }, call("a", '{"x":1}'), call("b", "")),
        result("a", "1"),
        { ...result("b", "boom"), isError: true } as ChatMessage,
        user("and?"),
      ],
    },
    body: {
      tools: [toolBlock],
      messages: [
        ...hi,
        said(
          "assistant",
          text("ok"),
          { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
          { type: "tool_use", id: "b", name: "f", input: {} },
        ),
        said(
          "user",
          { type: "tool_result", tool_use_id: "a", content: [text("1")] },
          { type: "tool_result", tool_use_id: "b", content: [text("boom")], is_error: true },
          text("and?"),
        ),
      ],
    },
  },
  {
    name: "ids of few characters, the same for call and result",
    request: {
      tools: [tool],
      messages: [
        user("Hi"),
        assistant(call("functions.f:0"), call("functions_f_0")),
        result("functions_f_0", "2"),
        result("functions.f:0", "1"),
      ],
    },
    body: {
      tools: [toolBlock],
      messages: [
        ...hi,
        said(
          "assistant",
          { type: "tool_use", id: "functions_f_0", name: "f", input: {} },
          { type: "tool_use", id: "functions_f_0_2", name: "f", input: {} },
        ),
        said(
          "user",
          { type: "tool_result", tool_use_id: "functions_f_0_2", content: [text("2")] },
          { type: "tool_result", tool_use_id: "functions_f_0", content: [text("1")] },
        ),
      ],
    },
  },
  {
    name: "ids that a vendor counts anew in every answer, told apart",
    request: {
      tools: [tool],
      messages: [
        user("Hi"),
        assistant(call("0")),
        result("0", "a"),
        assistant(call("0")),
        result("0", "b"),
      ],
    },
    body: {
      tools: [toolBlock],
      messages: [
        ...hi,
        said("assistant", { type: "tool_use", id: "0", name: "f", input: {} }),
        said("user", { type: "tool_result", tool_use_id: "0", content: [text("a")] }),
        said("assistant", { type: "tool_use", id: "0_2", name: "f", input: {} }),
        said("user", { type: "tool_result", tool_use_id: "0_2", content: [text("b")] }),
      ],
    },
  },
  {
    name: "arguments that are no object, or no JSON, within one",
    request: {
      tools: [tool],
      messages: [user("Hi"), assistant(call("a", "[1]"), call("b", '{"x'))],
    },
    body: {
      tools: [toolBlock],
      messages: [
        ...hi,
        said(
          "assistant",
          { type: "tool_use", id: "a", name: "f", input: { value: [1] } },
          { type: "tool_use", id: "b", name: "f", input: { invalid_arguments: '{"x' } },
        ),
      ],
    },
  },
  {
    name: "images in a result, and a result of nothing",
    request: {
      tools: [tool],
      messages: [
        user("Hi"),
        assistant(call("a"), call("b")),
        {
          role: "tool",
          callId: "a",
          content: [
            { type: "image", source: { kind: "data", mediaType: "image/png", data: "AA==" } },
          ],
        },
        result("b", ""),
      ],
    },
    body: {
      tools: [toolBlock],
      messages: [
        ...hi,
        said(
          "assistant",
          { type: "tool_use", id: "a", name: "f", input: {} },
          { type: "tool_use", id: "b", name: "f", input: {} },
        ),
        said(
          "user",
          {
            type: "tool_result",
            tool_use_id: "a",
            content: [
              { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
            ],
          },
          { type: "tool_result", tool_use_id: "b" },
        ),
      ],
    },
  },
  {
    name: "tools that were called, where the request leaves them out",
    request: { messages: [user("Hi"), assistant(call("a")), result("a", "1")] },
    body: {
      tools: [toolBlock],
      tool_choice: { type: "none" },
      messages: [
        ...hi,
        said("assistant", { type: "tool_use", id: "a", name: "f", input: {} }),
        said("user", { type: "tool_result", tool_use_id: "a", content: [text("1")] }),
      ],
    },
  },
  {
    name: "tools with description, strictness and cache mark",
    request: {
      tools: [
        { ...tool, description: "d", strict: true, cache: {} },
        { type: "function", name: "g" },
      ],
    },
    body: {
      tools: [
        {
          name: "f",
          input_schema: { type: "object", properties: {}, additionalProperties: false },
          description: "d",
          strict: true,
          cache_control: { type: "ephemeral" },
        },
        { name: "g", input_schema: { type: "object", properties: {} } },
      ],
    },
  },
  {
    name: "no strictness where the arguments may have members of any name",
    request: {
      tools: [
        { ...tool, parameters: { type: "object", additionalProperties: true }, strict: true },
      ],
    },
    body: { tools: [{ name: "f", input_schema: { type: "object", additionalProperties: true } }] },
    dropped: ["tools.strict"],
  },
  {
    name: "no strictness where the model has none",
    model: "claude-sonnet-4-20250514",
    request: { tools: [{ ...tool, strict: true }] },
    body: { max_tokens: 32_000, tools: [toolBlock] },
    dropped: ["tools.strict"],
  },
  {
    name: "Anthropic's own tools as they are, those of others not",
    request: {
      tools: [
        {
          type: "opaque",
          dialect: "anthropic",
          value: { type: "web_search_20250305", name: "web_search" },
        },
        { type: "opaque", dialect: "openai", value: { type: "custom", custom: {} } },
      ],
    },
    body: { tools: [{ type: "web_search_20250305", name: "web_search" }] },
    dropped: ["tools"],
  },
  ...(
    [
      ["auto", { type: "auto" }, { type: "auto" }],
      ["none", { type: "none" }, { type: "none" }],
      ["required", { type: "required" }, { type: "any" }],
      ["a function", { type: "function", name: "f" }, { type: "tool", name: "f" }],
    ] as const
  ).map(([name, toolChoice, choice]) => ({
    name: `tool choice: ${name}`,
    request: { tools: [tool], toolChoice },
    body: { tools: [toolBlock], tool_choice: choice },
  })),
  {
    name: "only the tools that are allowed",
    request: {
      tools: [tool, { ...tool, name: "g" }],
      toolChoice: { type: "allowed", mode: "required", names: ["g"] },
    },
    body: { tools: [{ ...toolBlock, name: "g" }], tool_choice: { type: "any" } },
  },
  {
    name: "one call at a time",
    request: { tools: [tool], parallelToolCalls: false },
    body: { tools: [toolBlock], tool_choice: { type: "auto", disable_parallel_tool_use: true } },
  },
  {
    name: "one call at a time says nothing where none may be made",
    request: { tools: [tool], parallelToolCalls: false, toolChoice: { type: "none" } },
    body: { tools: [toolBlock], tool_choice: { type: "none" } },
  },
  {
    name: "no choice without tools",
    request: { toolChoice: { type: "auto" }, parallelToolCalls: false },
    body: {},
  },
  {
    name: "no demand for a call where the model refuses it",
    model: "claude-opus-5-5",
    request: { tools: [tool], toolChoice: { type: "required" } },
    body: { max_tokens: 128_000, tools: [toolBlock], tool_choice: { type: "auto" } },
    dropped: ["tool_choice"],
  },
];

const jsonTool = {
  name: jsonToolName,
  description: "Give the answer by calling this tool.",
  input_schema: schema,
};

const formats: readonly Row[] = [
  {
    name: "a schema as structured output, closed",
    request: { format },
    body: { output_config: { format: { type: "json_schema", schema: closed } } },
  },
  {
    name: "a schema's limits in words",
    request: {
      format: {
        ...format,
        schema: {
          type: "object",
          properties: { a: { type: "number", minimum: 3, description: "d" } },
        },
      },
    },
    body: {
      output_config: {
        format: {
          type: "json_schema",
          schema: {
            type: "object",
            properties: { a: { type: "number", description: "d (minimum: 3)" } },
            additionalProperties: false,
          },
        },
      },
    },
  },
  {
    name: "a schema as a tool to be called, where the model has no structured outputs",
    model: "claude-3-5-haiku-20241022",
    request: { format },
    body: {
      max_tokens: 8192,
      tools: [jsonTool],
      tool_choice: { type: "tool", name: jsonToolName },
    },
  },
  {
    name: "that tool or the client's",
    model: "claude-3-5-haiku-20241022",
    request: { format, tools: [tool] },
    body: { max_tokens: 8192, tools: [toolBlock, jsonTool], tool_choice: { type: "any" } },
  },
  {
    name: "a schema that can't be closed as a tool, too",
    request: {
      format: { ...format, schema: { type: "object", additionalProperties: { type: "number" } } },
    },
    body: {
      tools: [
        { ...jsonTool, input_schema: { type: "object", additionalProperties: { type: "number" } } },
      ],
      tool_choice: { type: "tool", name: jsonToolName },
    },
  },
  {
    name: "and in words where no call can be demanded",
    model: "claude-opus-5-5",
    request: { format: { ...format, schema: { type: "object" } } },
    body: {
      max_tokens: 128_000,
      system: [
        text(
          'Answer with one JSON object and nothing else. It must fit this JSON Schema: {"type":"object"}',
        ),
      ],
    },
  },
  {
    name: "any JSON in words, behind the system's own",
    request: { format: { type: "json" }, messages: [system("s"), user("Hi")] },
    body: { system: [text("s"), text("Answer with one JSON object and nothing else.")] },
  },
  { name: "text by saying nothing", request: { format: { type: "text" } }, body: {} },
];

const enabled = (budget: number): object => ({ type: "enabled", budget_tokens: budget });
const turn = (part: AssistantPart): Partial<ChatRequest> => ({
  tools: [tool],
  messages: [user("Hi"), assistant(part, call("a")), result("a", "1")],
  reasoning: { effort: "low" },
});
const turnBody = (...blocks: object[]): object => ({
  tools: [toolBlock],
  messages: [
    ...hi,
    said("assistant", ...blocks, { type: "tool_use", id: "a", name: "f", input: {} }),
    said("user", { type: "tool_result", tool_use_id: "a", content: [text("1")] }),
  ],
});

const thoughts: readonly Row[] = [
  ...(
    [
      ["minimal", 1024],
      ["low", 2048],
      ["medium", 8192],
      ["high", 16_384],
      ["xhigh", 24_576],
      ["max", 32_768],
    ] as const
  ).map(([effort, budget]) => ({
    name: `effort ${effort} as a budget`,
    request: { reasoning: { effort } },
    body: { thinking: enabled(budget) },
  })),
  {
    name: "effort none as thoughts turned off",
    request: { reasoning: { effort: "none" } },
    body: { thinking: { type: "disabled" } },
  },
  {
    name: "effort none as near as can be on a model that always thinks",
    model: "claude-fable-5-1",
    request: { reasoning: { effort: "none" } },
    body: { max_tokens: 128_000, output_config: { effort: "low" } },
    dropped: ["reasoning_effort"],
  },
  {
    name: "effort none between tools only, where that is the least",
    model: "claude-sonnet-5-5",
    request: { reasoning: { effort: "none" } },
    body: { max_tokens: 128_000, thinking: { type: "between_tools" } },
  },
  {
    name: "effort as effort where the model judges by itself",
    model: "claude-sonnet-5",
    request: { reasoning: { effort: "xhigh", shown: true } },
    body: {
      max_tokens: 128_000,
      thinking: { type: "adaptive", display: "summarized" },
      output_config: { effort: "xhigh" },
    },
  },
  {
    name: "the nearest effort that is not more",
    model: "claude-opus-4-6",
    request: { reasoning: { effort: "xhigh" } },
    body: {
      max_tokens: 128_000,
      thinking: { type: "adaptive" },
      output_config: { effort: "high" },
    },
  },
  {
    name: "effort beside a format",
    model: "claude-sonnet-5",
    request: { reasoning: { effort: "minimal" }, format },
    body: {
      max_tokens: 128_000,
      thinking: { type: "adaptive" },
      output_config: { effort: "low", format: { type: "json_schema", schema: closed } },
    },
  },
  {
    name: "a budget where the model still takes one",
    model: "claude-sonnet-4-6",
    request: { reasoning: { budgetTokens: 5000 } },
    body: { max_tokens: 128_000, thinking: enabled(5000) },
  },
  {
    name: "a budget as effort where it does not",
    model: "claude-opus-4-8",
    request: { reasoning: { budgetTokens: 5000 } },
    body: {
      max_tokens: 128_000,
      thinking: { type: "adaptive" },
      output_config: { effort: "medium" },
    },
  },
  {
    name: "the model's own judgement as a budget where it has none",
    request: { reasoning: { adaptive: true } },
    body: { thinking: enabled(16_384) },
  },
  {
    name: "our limit raised above the client's budget",
    model: "mine",
    request: { reasoning: { budgetTokens: 20_000 } },
    body: { max_tokens: 24_096, thinking: enabled(20_000) },
  },
  {
    name: "a budget that leaves the answer room in the client's limit",
    request: { reasoning: { effort: "high" }, maxOutputTokens: 5000 },
    body: { max_tokens: 5000, thinking: enabled(4000) },
  },
  {
    name: "the client's budget below the client's limit",
    request: { reasoning: { budgetTokens: 9000 }, maxOutputTokens: 5000 },
    body: { max_tokens: 5000, thinking: enabled(4999) },
  },
  {
    name: "no thoughts where the limit has no room for any",
    request: { reasoning: { effort: "low" }, maxOutputTokens: 1024 },
    body: { max_tokens: 1024 },
    dropped: ["reasoning_effort"],
  },
  {
    name: "no thoughts of a model that has none",
    model: "claude-3-5-sonnet-20241022",
    request: { reasoning: { effort: "low" } },
    body: { max_tokens: 8192 },
    dropped: ["reasoning_effort"],
  },
  {
    name: "no sampling beside a budget",
    request: { reasoning: { effort: "low" }, temperature: 0.5, topP: 0.5, topK: 5 },
    body: { thinking: enabled(2048) },
    dropped: ["temperature", "top_k", "top_p"],
  },
  {
    name: "a demanded call rather than a budget, which can't be had with it",
    request: { reasoning: { effort: "low" }, tools: [tool], toolChoice: { type: "required" } },
    body: { tools: [toolBlock], tool_choice: { type: "any" } },
    dropped: ["reasoning_effort"],
  },
  {
    name: "defaults of sampling beside a budget",
    request: { reasoning: { effort: "low" }, temperature: 1 },
    body: { thinking: enabled(2048), temperature: 1 },
  },
  {
    name: "a demanded call beside adaptive thoughts",
    model: "claude-opus-5",
    request: { reasoning: { effort: "low" }, tools: [tool], toolChoice: { type: "required" } },
    body: {
      max_tokens: 128_000,
      thinking: { type: "adaptive" },
      output_config: { effort: "low" },
      tools: [toolBlock],
      tool_choice: { type: "any" },
    },
  },
  {
    name: "no budget where the turn's calls lack their thoughts",
    request: turn({ type: "reasoning", text: "hm" }),
    body: turnBody(),
    dropped: ["reasoning_effort"],
  },
  {
    name: "nor where another vendor thought them",
    request: turn({ type: "reasoning", text: "hm", signature: { vendor: "gemini", value: "g" } }),
    body: turnBody(),
    dropped: ["reasoning_effort"],
  },
  {
    name: "signed thoughts in their place",
    request: turn({ type: "reasoning", text: "hm", signature }),
    body: {
      ...turnBody({ type: "thinking", thinking: "hm", signature: "sig" }),
      thinking: enabled(2048),
    },
  },
  {
    name: "hidden thoughts in their place",
    request: turn({ type: "redacted-reasoning", data: signature }),
    body: { ...turnBody({ type: "redacted_thinking", data: "sig" }), thinking: enabled(2048) },
  },
  {
    name: "adaptive thoughts although the turn's calls have none",
    model: "claude-opus-5",
    request: turn({ type: "text", text: "ok" }),
    body: {
      ...turnBody(text("ok")),
      max_tokens: 128_000,
      thinking: { type: "adaptive" },
      output_config: { effort: "low" },
    },
  },
  {
    name: "a schema by a tool rather than thoughts",
    model: "claude-sonnet-4-20250514",
    request: { format, reasoning: { effort: "low" } },
    body: {
      max_tokens: 32_000,
      tools: [jsonTool],
      tool_choice: { type: "tool", name: jsonToolName },
    },
    dropped: ["reasoning_effort"],
  },
  {
    name: "an Anthropic client's effort without thoughts",
    model: "claude-opus-4-6",
    request: { reasoning: { effort: "medium" }, more: anthropic },
    body: { max_tokens: 128_000, output_config: { effort: "medium" } },
  },
];

const rest: readonly Row[] = [
  { name: "a temperature above 1 as 1", request: { temperature: 1.7 }, body: { temperature: 1 } },
  { name: "top_p and top_k", request: { topP: 0.9, topK: 40 }, body: { top_p: 0.9, top_k: 40 } },
  {
    name: "temperature rather than top_p where only one is taken",
    request: { temperature: 0, topP: 0.9 },
    body: { temperature: 0 },
    dropped: ["top_p"],
  },
  {
    name: "a top_p of 1 beside it in silence",
    request: { temperature: 0, topP: 1 },
    body: { temperature: 0 },
  },
  {
    name: "both where the model takes both",
    model: "claude-3-haiku-20240307",
    request: { temperature: 0, topP: 0.9 },
    body: { max_tokens: 4096, temperature: 0, top_p: 0.9 },
  },
  {
    name: "no sampling on models without",
    model: "claude-sonnet-5",
    request: { temperature: 0.2, topP: 0.9, topK: 3 },
    body: { max_tokens: 128_000 },
    dropped: ["temperature", "top_k", "top_p"],
  },
  {
    name: "stop sequences of more than white space",
    request: { stop: ["END", "\n", ""] },
    body: { stop_sequences: ["END"] },
  },
  { name: "no stop sequences if none is left", request: { stop: ["\n"] }, body: {} },
  { name: "the user", request: { user: "u" }, body: { metadata: { user_id: "u" } } },
  {
    name: "the user by OpenAI's newer name",
    request: { more: { dialect: "openai", members: { safety_identifier: "u" } } },
    body: { metadata: { user_id: "u" } },
  },
  {
    name: "nothing of what Anthropic has nothing like",
    request: {
      choices: 2,
      seed: 1,
      frequencyPenalty: 0.1,
      presencePenalty: -1,
      logprobs: { top: 2 },
      logitBias: { "1": 2 },
      more: {
        dialect: "openai",
        members: { verbosity: "low", prediction: {}, web_search_options: {} },
      },
    },
    body: {},
    dropped: [
      "frequency_penalty",
      "logit_bias",
      "logprobs",
      "n",
      "presence_penalty",
      "seed",
      "top_logprobs",
      "verbosity",
      "web_search_options",
    ],
  },
  {
    name: "no alternatives where none were asked for",
    request: { logprobs: { top: 0 } },
    body: {},
    dropped: ["logprobs"],
  },
  {
    name: "what says nothing of the answer in silence",
    request: {
      choices: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      logitBias: {},
      more: {
        dialect: "openai",
        members: {
          store: true,
          metadata: {},
          service_tier: "flex",
          prompt_cache_key: "k",
          modalities: ["text"],
          audio: null,
        },
      },
    },
    body: {},
  },
  {
    name: "reasoning once, whatever else it was called",
    request: {
      reasoning: { effort: "low" },
      more: { dialect: "openai", members: { reasoning: { effort: "low" }, enable_thinking: true } },
    },
    body: { thinking: { type: "enabled", budget_tokens: 2048 } },
    dropped: ["enable_thinking"],
  },
  {
    name: "an Anthropic client's other members as they are, objects joined",
    request: {
      user: "u",
      more: {
        dialect: "anthropic",
        members: { service_tier: "auto", container: "c", metadata: { x: 1 } },
      },
    },
    body: { service_tier: "auto", container: "c", metadata: { user_id: "u", x: 1 } },
  },
  {
    name: "names of users not",
    request: { messages: [{ role: "user", name: "bob", content: [{ type: "text", text: "Hi" }] }] },
    body: {},
    dropped: ["messages.name"],
  },
  {
    name: "blocks only Anthropic knows in their place, those of others not",
    request: {
      messages: [
        {
          role: "user",
          content: [
            { type: "opaque", dialect: "anthropic", value: { type: "search_result", source: "s" } },
          ],
        },
        assistant(
          { type: "opaque", dialect: "anthropic", value: { type: "server_tool_use", id: "x" } },
          { type: "opaque", dialect: "gemini", value: { executableCode: {} } },
        ),
        user("b"),
      ],
    },
    body: {
      messages: [
        said("user", { type: "search_result", source: "s" }),
        said("assistant", { type: "server_tool_use", id: "x" }),
        said("user", text("b")),
      ],
    },
    dropped: ["messages.content"],
  },
];

describe("what is sent to Anthropic", () => {
  it.each([...prompts, ...calls, ...formats, ...thoughts, ...rest])(
    "$name",
    ({ model = target.model, request, body, dropped = [] }) => {
      const sent = anthropicApi.chat.request(chat(request), { ...target, model });
      expect(sent.path).toBe("/v1/messages");
      expect(sent.body).toEqual({ model, max_tokens: 64_000, messages: hi, ...body });
      expect([...sent.dropped].sort()).toEqual([...dropped]);
      // What is undefined is not there at all.
      expect(JSON.parse(JSON.stringify(sent.body))).toEqual(sent.body);
    },
  );

  it.each<{ name: string; message: ChatMessage; says: RegExp }>([
    {
      name: "a file of another vendor's",
      message: { role: "user", content: [{ type: "file", source: { kind: "id", id: "file-1" } }] },
      says: /file by its id/,
    },
    {
      name: "a file of a type it can't read",
      message: {
        role: "user",
        content: [
          { type: "file", source: { kind: "data", mediaType: "application/zip", data: "" } },
        ],
      },
      says: /application\/zip; it reads PDF and text/,
    },
    {
      name: "audio",
      message: {
        role: "user",
        content: [{ type: "audio", mediaType: "audio/wav", data: "AA==" }],
      },
      says: /audio \(audio\/wav\)/,
    },
  ])("can't be $name", ({ message, says }) => {
    const send = (): unknown => anthropicApi.chat.request(chat({ messages: [message] }), target);
    expect(send).toThrow(Fault);
    expect(send).toThrow(says);
  });

  it("has a budget below max_tokens, whatever the client asks", () => {
    const efforts = ["minimal", "low", "medium", "high", "xhigh", "max"] as const;
    const models = ["claude-sonnet-4-5", "claude-3-7-sonnet-20250219", "claude-opus-4-1", "mine"];
    fc.assert(
      fc.property(
        fc.option(fc.constantFrom(...efforts)),
        fc.option(fc.integer({ min: 1, max: 200_000 })),
        fc.option(fc.integer({ min: 1, max: 200_000 })),
        fc.constantFrom(...models),
        (effort, budgetTokens, maxOutputTokens, model) => {
          const reasoning = { ...(effort && { effort }), ...(budgetTokens && { budgetTokens }) };
          const request = chat({ reasoning, ...(maxOutputTokens && { maxOutputTokens }) });
          const { body, dropped } = anthropicApi.chat.request(request, { ...target, model });
          const { thinking, max_tokens } = body as {
            thinking?: { budget_tokens: number };
            max_tokens: number;
          };
          if (maxOutputTokens) expect(max_tokens).toBe(maxOutputTokens);
          if (thinking) {
            expect(thinking.budget_tokens).toBeLessThan(max_tokens);
            expect(thinking.budget_tokens).toBeGreaterThanOrEqual(1024);
          } else
            expect(dropped.includes("reasoning_effort")).toBe(
              effort !== null || budgetTokens !== null,
            );
        },
      ),
    );
  });

  it("has turns that alternate, calls of ids that are unique, and a result for each", () => {
    const id = fc.constantFrom("a", "a.b", "a_b", "", "0");
    const messages = fc.array(
      fc.oneof(
        fc.string().map((one) => [user(one)]),
        fc.string().map((one) => [assistant({ type: "text", text: one })]),
        fc
          .array(id, { minLength: 1, maxLength: 3 })
          .map((ids) => [
            assistant(...ids.map((one) => call(one))),
            ...ids.map((one) => result(one, "r")),
          ]),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(messages, (turns) => {
        const request = chat({ messages: [user("Hi"), ...turns.flat()], tools: [tool] });
        const { body } = anthropicApi.chat.request(request, target);
        const sent = body["messages"] as { role: string; content: Record<string, unknown>[] }[];
        const uses = sent.flatMap(({ content }) =>
          content.filter(({ type }) => type === "tool_use"),
        );
        const ids = uses.map((one) => String(one["id"]));
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.every((one) => /^[a-zA-Z0-9_-]+$/.test(one))).toBe(true);
        for (const [index, { role, content }] of sent.entries()) {
          expect(role).toBe(index % 2 === 0 ? "user" : "assistant");
          const called = content.filter(({ type }) => type === "tool_use").map((one) => one["id"]);
          const answered =
            sent[index + 1]?.content.filter(({ type }) => type === "tool_result") ?? [];
          expect(answered.map((one) => one["tool_use_id"]).sort()).toEqual(called.sort());
        }
      }),
    );
  });
});

describe("media that Anthropic does not fetch itself", () => {
  it.each([
    [{ kind: "url", url: "https://x/y.png" }, false],
    [{ kind: "url", url: "http://x/y.png" }, true],
    [{ kind: "url", url: "https://x/y.pdf", mediaType: "application/pdf" }, false],
    [{ kind: "url", url: "https://x/y.csv", mediaType: "text/csv" }, true],
    [{ kind: "data", mediaType: "image/png", data: "" }, false],
  ] as const)("%o: %s", (source, fetched) => {
    expect(anthropicApi.chat.mustFetch({ type: "file", source }, target)).toBe(fetched);
  });
});

describe("counting tokens", () => {
  it("sends the prompt alone, and reads the count", () => {
    const request = chat({ temperature: 1, stop: ["x"], stream: true, user: "u", tools: [tool] });
    const sent = anthropicApi.countTokens?.request(request, target);
    expect(sent?.path).toBe("/v1/messages/count_tokens");
    expect(sent?.body).toEqual({ model: target.model, messages: hi, tools: [toolBlock] });
    expect(anthropicApi.countTokens?.answer({ input_tokens: 0 })).toBe(0);
    expect(anthropicApi.countTokens?.answer({ tokens: 1 })).toBeUndefined();
  });
});
