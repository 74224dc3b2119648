import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { Fault, isRecord } from "@headgate/core";
import { describe, expect, it } from "vitest";
import type {
  ChatMessage,
  ChatRequest,
  FunctionTool,
  MediaSource,
} from "../../chat/chat-request.ts";
import { bedrockApi } from "./api.ts";

const claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const oldClaude = "anthropic.claude-3-7-sonnet-20250219-v1:0";
const newClaude = "global.anthropic.claude-opus-4-7-v1";
const nova = "amazon.nova-pro-v1:0";
const nova2 = "us.amazon.nova-2-lite-v1:0";
const llama = "meta.llama3-1-70b-instruct-v1:0";
const mistral = "mistral.mistral-large-2407-v1:0";
const gpt = "openai.gpt-oss-120b-1:0";
const closed = {
  type: "object",
  properties: { a: { type: "string" } },
  additionalProperties: false,
};
const profile = "arn:aws:bedrock:eu-west-1:123:application-inference-profile/abc";

interface Row {
  readonly name: string;
  readonly model?: string;
  readonly request: Partial<ChatRequest>;
  /** Beside the message "Hello" where the row has no messages. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly dropped?: readonly string[];
}

const rows: readonly Row[] = [
  { name: "a text", request: {}, body: {} },
  {
    name: "all that Converse has of the usual parameters",
    model: nova,
    request: { maxOutputTokens: 9, temperature: 0.5, topP: 0.9, topK: 5, stop: ["|", "."] },
    body: {
      inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 0.9, stopSequences: ["|", "."] },
      additionalModelRequestFields: { inferenceConfig: { topK: 5 } },
    },
  },
  {
    name: "what no model of it has is dropped by name",
    request: {
      choices: 2,
      seed: 1,
      frequencyPenalty: 1,
      presencePenalty: 1,
      logprobs: { top: 2 },
      logitBias: { "5": 1 },
      user: "u",
      more: { dialect: "openai", members: { verbosity: "low", store: true, prediction: null } },
    },
    body: {},
    dropped: [
      "n",
      "seed",
      "frequency_penalty",
      "presence_penalty",
      "logprobs",
      "top_logprobs",
      "logit_bias",
      "verbosity",
    ],
  },
  {
    name: "what says nothing is not even named",
    request: { choices: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: {}, stop: [] },
    body: {},
  },
  {
    name: "Claude: a temperature above 1 becomes 1, top_p does not go with it, top_k is its own",
    request: { temperature: 1.5, topP: 0.5, topK: 3 },
    body: { inferenceConfig: { temperature: 1 }, additionalModelRequestFields: { top_k: 3 } },
    dropped: ["top_p"],
  },
  {
    name: "Claude: stop sequences, and which was met is asked for; blanks are no sequence",
    request: { stop: ["END", "\n"] },
    body: {
      inferenceConfig: { stopSequences: ["END"] },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
    },
    dropped: ["stop"],
  },
  {
    name: "a model without top_k",
    model: llama,
    request: { topK: 3, temperature: 2 },
    body: { inferenceConfig: { temperature: 1 } },
    dropped: ["top_k"],
  },
  {
    name: "system and developer join, wherever they stand, with their cache marks",
    request: {
      messages: [
        { role: "system", content: [{ type: "text", text: "a", cache: { ttl: "1h" } }] },
        { role: "user", content: [{ type: "text", text: "Hello" }] },
        { role: "developer", content: [{ type: "text", text: "b" }], name: "d" },
      ],
    },
    body: {
      system: [{ text: "a" }, { cachePoint: { type: "default", ttl: "1h" } }, { text: "b" }],
    },
    dropped: ["messages.name"],
  },
  {
    name: "turns of one role join, blank texts go, the user speaks first and last",
    model: llama,
    request: {
      messages: [
        assistant("hi"),
        user("a"),
        user(" \n"),
        user("b"),
        assistant("c "),
        { role: "assistant", content: [{ type: "refusal", text: "no" }] },
      ],
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "Continue." }] },
        { role: "assistant", content: [{ text: "hi" }] },
        { role: "user", content: [{ text: "a" }, { text: "b" }] },
        { role: "assistant", content: [{ text: "c " }, { text: "no" }] },
        { role: "user", content: [{ text: "Continue." }] },
      ],
    },
  },
  {
    name: "Claude goes on with the beginning of an answer, without blanks at its end",
    request: { messages: [user("a"), assistant("It is \n")] },
    body: {
      messages: [
        { role: "user", content: [{ text: "a" }] },
        { role: "assistant", content: [{ text: "It is" }] },
      ],
    },
  },
  {
    name: "the system alone is what there is to answer",
    request: { messages: [{ role: "system", content: [{ type: "text", text: "Say hi" }] }] },
    body: { messages: [{ role: "user", content: [{ text: "Say hi" }] }] },
  },
  {
    name: "results of a turn's calls come together, first, each once",
    request: {
      messages: [
        user("w"),
        calls(["c1", "f", '{"a":1}'], ["c2", "g", ""]),
        result("c2", "two"),
        user("and?"),
        { ...result("c1", "one"), isError: true, cache: {} },
        result("c2", "more"),
      ],
      tools: [tool("f"), tool("g")],
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "w" }] },
        {
          role: "assistant",
          content: [
            { toolUse: { toolUseId: "c1", name: "f", input: { a: 1 } } },
            { toolUse: { toolUseId: "c2", name: "g", input: {} } },
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "c2", content: [{ text: "two" }, { text: "more" }] } },
            { toolResult: { toolUseId: "c1", content: [{ text: "one" }], status: "error" } },
            { cachePoint: { type: "default" } },
            { text: "and?" },
          ],
        },
      ],
      toolConfig: { tools: [spec("f"), spec("g")] },
    },
  },
  {
    name: "a model that takes no tools beside text gets turns between",
    model: llama,
    request: {
      messages: [
        user("w"),
        { role: "assistant", content: [{ type: "text", text: "Let me" }, ...call("c1", "f")] },
        result("c1", ""),
        user("and?"),
      ],
      tools: [tool("f")],
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "w" }] },
        { role: "assistant", content: [{ text: "Let me" }] },
        { role: "user", content: [{ text: "Continue." }] },
        { role: "assistant", content: [{ toolUse: { toolUseId: "c1", name: "f", input: {} } }] },
        {
          role: "user",
          content: [{ toolResult: { toolUseId: "c1", content: [{ text: "(empty)" }] } }],
        },
        { role: "assistant", content: [{ text: "Continue." }] },
        { role: "user", content: [{ text: "and?" }] },
      ],
      toolConfig: { tools: [spec("f")] },
    },
  },
  {
    name: "ids that are used again, or have odd characters, become others, the same for call and result",
    request: {
      messages: [
        user("w"),
        calls(["call.0", "f", "{}"]),
        result("call.0", "a"),
        calls(["x", "f", "{}"], ["x", "f", "{}"]),
        result("x", "1"),
        result("x", "2"),
      ],
      tools: [tool("f")],
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "w" }] },
        {
          role: "assistant",
          content: [{ toolUse: { toolUseId: "call_0_53ff1803fe83bd46", name: "f", input: {} } }],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "call_0_53ff1803fe83bd46", content: [{ text: "a" }] } },
          ],
        },
        {
          role: "assistant",
          content: [
            { toolUse: { toolUseId: "x", name: "f", input: {} } },
            { toolUse: { toolUseId: "x_2", name: "f", input: {} } },
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "x", content: [{ text: "1" }] } },
            { toolResult: { toolUseId: "x_2", content: [{ text: "2" }] } },
          ],
        },
      ],
      toolConfig: { tools: [spec("f")] },
    },
  },
  {
    name: "a history of calls without tools: they are declared by name",
    request: { messages: [user("w"), calls(["c1", "f", "{}"]), result("c1", "1")] },
    body: {
      messages: [
        { role: "user", content: [{ text: "w" }] },
        { role: "assistant", content: [{ toolUse: { toolUseId: "c1", name: "f", input: {} } }] },
        {
          role: "user",
          content: [{ toolResult: { toolUseId: "c1", content: [{ text: "1" }] } }],
        },
      ],
      toolConfig: { tools: [spec("f")] },
    },
  },
  {
    name: "tool choice none without a history: no tools",
    request: { tools: [tool("f")], toolChoice: { type: "none" } },
    body: {},
  },
  {
    name: "tool choice required, tools in full",
    request: {
      tools: [
        {
          type: "function",
          name: "f",
          description: "does f",
          parameters: { properties: { a: { type: "string" } } },
          cache: {},
        },
      ],
      toolChoice: { type: "required" },
    },
    body: {
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: "f",
              description: "does f",
              inputSchema: { json: { type: "object", properties: { a: { type: "string" } } } },
            },
          },
          { cachePoint: { type: "default" } },
        ],
        toolChoice: { any: {} },
      },
    },
  },
  {
    name: "tool choice of one function",
    request: { tools: [tool("f"), tool("g")], toolChoice: { type: "function", name: "g" } },
    body: {
      toolConfig: { tools: [spec("f"), spec("g")], toolChoice: { tool: { name: "g" } } },
    },
  },
  {
    name: "tool choice of one function, where only any can be demanded",
    model: mistral,
    request: { tools: [tool("f"), tool("g")], toolChoice: { type: "function", name: "g" } },
    body: { toolConfig: { tools: [spec("g")], toolChoice: { any: {} } } },
  },
  {
    name: "tool choice required, where nothing can be demanded",
    model: llama,
    request: { tools: [tool("f")], toolChoice: { type: "required" } },
    body: { toolConfig: { tools: [spec("f")] } },
    dropped: ["tool_choice"],
  },
  {
    name: "tool choice among some",
    request: {
      tools: [tool("f"), tool("g")],
      toolChoice: { type: "allowed", mode: "required", names: ["f"] },
    },
    body: { toolConfig: { tools: [spec("f")], toolChoice: { any: {} } } },
  },
  {
    name: "one call at most, on Claude",
    request: { tools: [tool("f")], parallelToolCalls: false },
    body: {
      toolConfig: { tools: [spec("f")] },
      additionalModelRequestFields: {
        tool_choice: { type: "auto", disable_parallel_tool_use: true },
      },
    },
  },
  {
    name: "one call at most and at least, on Claude",
    request: {
      tools: [tool("f")],
      parallelToolCalls: false,
      toolChoice: { type: "required" },
    },
    body: {
      toolConfig: { tools: [spec("f")], toolChoice: { any: {} } },
      additionalModelRequestFields: { tool_choice: { disable_parallel_tool_use: true } },
    },
  },
  {
    name: "one call at most, elsewhere",
    model: nova,
    request: { tools: [tool("f")], parallelToolCalls: false },
    body: { toolConfig: { tools: [spec("f")] } },
    dropped: ["parallel_tool_calls"],
  },
  {
    name: "vendors' tools: Bedrock's and those of Anthropic's that the client runs",
    request: {
      tools: [
        { type: "opaque", dialect: "bedrock", value: { systemTool: { name: "s" } } },
        { type: "opaque", dialect: "anthropic", value: { type: "computer_20250124", name: "c" } },
        { type: "opaque", dialect: "anthropic", value: { type: "web_search_20250305" } },
      ],
    },
    body: {
      toolConfig: { tools: [{ systemTool: { name: "s" } }] },
      additionalModelRequestFields: {
        tools: [{ type: "computer_20250124", name: "c" }],
        anthropic_beta: ["computer-use-2025-01-24"],
      },
    },
    dropped: ["tools"],
  },
  {
    name: "images, documents, video and audio, with names of their own",
    request: {
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { kind: "data", mediaType: "image/jpg", data: "aQ==" } },
            { type: "image", source: { kind: "url", url: "s3://b/k.webp" } },
            file("application/pdf", "Q1 report_(v2).pdf"),
            file("application/pdf", "Q1 report_(v2).pdf"),
            file("application/octet-stream", "table.xlsx"),
            {
              type: "file",
              source: { kind: "text", mediaType: "text/plain", text: "hé" },
              context: "ctx",
              citations: true,
              cache: { ttl: "5m" },
            },
            file("video/quicktime", "v.mov"),
            { type: "audio", mediaType: "audio/wav", data: "YQ==" },
          ],
        },
      ],
    },
    body: {
      messages: [
        {
          role: "user",
          content: [
            { image: { format: "jpeg", source: { bytes: "aQ==" } } },
            { image: { format: "webp", source: { s3Location: { uri: "s3://b/k.webp" } } } },
            document("pdf", "Q1 report-(v2)"),
            document("pdf", "Q1 report-(v2) (2)"),
            document("xlsx", "table"),
            {
              document: {
                format: "txt",
                name: "document",
                source: { bytes: "aMOp" },
                context: "ctx",
                citations: { enabled: true },
              },
            },
            { cachePoint: { type: "default" } },
            { video: { format: "mov", source: { bytes: "ZA==" } } },
            { audio: { format: "wav", source: { bytes: "YQ==" } } },
            { text: "See the document." },
          ],
        },
      ],
    },
  },
  {
    name: "cache marks where there is no cache",
    model: llama,
    request: {
      messages: [{ role: "user", content: [{ type: "text", text: "Hello", cache: {} }] }],
    },
    body: {},
  },
  {
    name: "an application's own profile: Converse in full, nothing of one family's",
    model: profile,
    request: {
      messages: [{ role: "user", content: [{ type: "text", text: "Hello", cache: {} }] }],
      tools: [tool("f")],
      toolChoice: { type: "function", name: "f" },
      topK: 4,
      reasoning: { effort: "high" },
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "Hello" }, { cachePoint: { type: "default" } }] },
      ],
      toolConfig: { tools: [spec("f")], toolChoice: { tool: { name: "f" } } },
    },
    dropped: ["reasoning_effort", "top_k"],
  },
  {
    name: "Claude's own thoughts go back to it; others' do not",
    request: {
      messages: [
        user("w"),
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "hm", signature: { vendor: "anthropic", value: "sig" } },
            { type: "redacted-reasoning", data: { vendor: "anthropic", value: "cmVk" } },
            { type: "reasoning", text: "unsigned" },
            { type: "reasoning", text: "g", signature: { vendor: "gemini", value: "s" } },
            ...call("c1", "f"),
          ],
        },
        result("c1", "1"),
      ],
      tools: [tool("f")],
      reasoning: { budgetTokens: 2000 },
      maxOutputTokens: 4000,
      temperature: 0.3,
      topK: 2,
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "w" }] },
        {
          role: "assistant",
          content: [
            { reasoningContent: { reasoningText: { text: "hm", signature: "sig" } } },
            { reasoningContent: { redactedContent: "cmVk" } },
            { toolUse: { toolUseId: "c1", name: "f", input: {} } },
          ],
        },
        {
          role: "user",
          content: [{ toolResult: { toolUseId: "c1", content: [{ text: "1" }] } }],
        },
      ],
      toolConfig: { tools: [spec("f")] },
      inferenceConfig: { maxTokens: 4000 },
      additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2000 } },
    },
    dropped: ["temperature", "top_k"],
  },
  {
    name: "thinking with its own maxTokens, where the client left it open",
    model: oldClaude,
    request: { reasoning: { effort: "low" } },
    body: {
      inferenceConfig: { maxTokens: 2048 + 8192 },
      additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2048 } },
    },
  },
  {
    name: "a demanded call comes before thoughts",
    request: {
      tools: [tool("f")],
      toolChoice: { type: "required" },
      reasoning: { budgetTokens: 2000 },
    },
    body: { toolConfig: { tools: [spec("f")], toolChoice: { any: {} } } },
    dropped: ["reasoning_effort"],
  },
  {
    name: "a demanded call comes before thoughts of the model's own measure, too",
    model: newClaude,
    request: {
      tools: [tool("f")],
      toolChoice: { type: "function", name: "f" },
      reasoning: { effort: "high" },
    },
    body: { toolConfig: { tools: [spec("f")], toolChoice: { tool: { name: "f" } } } },
    dropped: ["reasoning_effort"],
  },
  {
    name: "an open call without its thought: no thoughts",
    request: {
      messages: [user("w"), calls(["c1", "f", "{}"]), result("c1", "1")],
      tools: [tool("f")],
      reasoning: { effort: "high" },
    },
    body: {
      messages: [
        { role: "user", content: [{ text: "w" }] },
        { role: "assistant", content: [{ toolUse: { toolUseId: "c1", name: "f", input: {} } }] },
        {
          role: "user",
          content: [{ toolResult: { toolUseId: "c1", content: [{ text: "1" }] } }],
        },
      ],
      toolConfig: { tools: [spec("f")] },
    },
    dropped: ["reasoning_effort"],
  },
  {
    name: "Claude that decides itself how much to think",
    model: newClaude,
    request: { reasoning: { effort: "high", shown: true }, temperature: 0.2 },
    body: {
      additionalModelRequestFields: { thinking: { type: "adaptive", display: "summarized" } },
      outputConfig: { effort: "high" },
    },
    dropped: ["temperature"],
  },
  {
    name: "Nova 2 thinks hard where nothing bounds its answer",
    model: nova2,
    request: { reasoning: { effort: "high" }, temperature: 0.2, topP: 0.5 },
    body: {
      additionalModelRequestFields: {
        reasoningConfig: { type: "enabled", maxReasoningEffort: "high" },
      },
    },
    dropped: ["temperature", "top_p"],
  },
  {
    name: "Nova 2 samples by its defaults where it thinks hard, which need no word",
    model: nova2,
    request: { reasoning: { effort: "high" }, temperature: 1, topP: 1 },
    body: {
      additionalModelRequestFields: {
        reasoningConfig: { type: "enabled", maxReasoningEffort: "high" },
      },
    },
  },
  {
    name: "Nova 2 thinks less hard in a bounded answer",
    model: nova2,
    request: { reasoning: { effort: "xhigh" }, maxOutputTokens: 100, temperature: 0.2 },
    body: {
      inferenceConfig: { maxTokens: 100, temperature: 0.2 },
      additionalModelRequestFields: {
        reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" },
      },
    },
  },
  {
    name: "Nova 1 does not think",
    model: nova,
    request: { reasoning: { effort: "low" } },
    body: {},
    dropped: ["reasoning_effort"],
  },
  {
    name: "gpt-oss thinks in three steps",
    model: gpt,
    request: { reasoning: { effort: "minimal" } },
    body: { additionalModelRequestFields: { reasoning_effort: "low" } },
  },
  {
    name: "a schema that the model keeps to by itself",
    request: { format: format({ additionalProperties: false }) },
    body: {
      outputConfig: {
        textFormat: {
          type: "json_schema",
          structure: {
            jsonSchema: {
              name: "city",
              schema: JSON.stringify({
                type: "object",
                properties: { a: { type: "string" } },
                additionalProperties: false,
              }),
            },
          },
        },
      },
    },
  },
  {
    name: "a schema by a tool that must be called",
    model: nova,
    request: { format: format() },
    body: {
      toolConfig: {
        tools: [answerSpec("write_json_answer")],
        toolChoice: { tool: { name: "write_json_answer" } },
      },
    },
  },
  {
    name: "a schema by a tool beside the client's own, one of which has its name",
    model: nova,
    request: { format: format(), tools: [tool("write_json_answer")] },
    body: {
      toolConfig: {
        tools: [spec("write_json_answer"), answerSpec("write_json_answer_")],
        toolChoice: { any: {} },
      },
    },
  },
  {
    name: "a schema in words, where no call can be demanded",
    model: llama,
    request: { format: format() },
    body: {
      system: [
        {
          text: 'Answer with JSON and nothing else. It must fit this JSON Schema: {"type":"object","properties":{"a":{"type":"string"}}}',
        },
      ],
    },
  },
  {
    name: "any JSON",
    request: { format: { type: "json" } },
    body: { system: [{ text: "Answer with one JSON object and nothing else." }] },
  },
  {
    name: "a strict tool, where it is kept, and where not",
    request: {
      tools: [
        { ...tool("f"), strict: true, parameters: closed },
        { ...tool("g"), strict: true, parameters: { type: "object" } },
      ],
    },
    body: {
      toolConfig: {
        tools: [
          { toolSpec: { name: "f", inputSchema: { json: closed }, strict: true } },
          { toolSpec: { name: "g", inputSchema: { json: { type: "object" } } } },
        ],
      },
    },
    dropped: ["tools.strict"],
  },
  {
    name: "members of Converse that the client adds, and a service tier",
    model: nova,
    request: {
      topK: 5,
      more: {
        dialect: "openai",
        members: {
          service_tier: "flex",
          extra_body: {
            bedrock: {
              guardrailConfig: { guardrailIdentifier: "g", guardrailVersion: "1" },
              requestMetadata: { a: "b" },
              additionalModelRequestFields: { x: 1 },
              messages: [],
            },
            other: 1,
          },
        },
      },
    },
    body: {
      guardrailConfig: { guardrailIdentifier: "g", guardrailVersion: "1" },
      requestMetadata: { a: "b" },
      serviceTier: { type: "flex" },
      additionalModelRequestFields: { inferenceConfig: { topK: 5 }, x: 1 },
    },
    dropped: ["other"],
  },
  {
    name: "Bedrock's own blocks, cited text, and search results",
    request: {
      messages: [
        {
          role: "user",
          content: [
            {
              type: "opaque",
              dialect: "bedrock",
              value: { guardContent: { text: { text: "q" } } },
            },
            {
              type: "opaque",
              dialect: "anthropic",
              value: {
                type: "search_result",
                source: "s",
                title: "t",
                content: [{ type: "text", text: "c" }],
                citations: { enabled: true },
              },
            },
          ],
        },
        {
          role: "assistant",
          content: [
            {
              type: "text",
              text: "so",
              citations: { dialect: "bedrock", list: [{ title: "t" }] },
            },
          ],
        },
        user("?"),
      ],
    },
    body: {
      messages: [
        {
          role: "user",
          content: [
            { guardContent: { text: { text: "q" } } },
            {
              searchResult: {
                source: "s",
                title: "t",
                content: [{ text: "c" }],
                citations: { enabled: true },
              },
            },
          ],
        },
        {
          role: "assistant",
          content: [
            { citationsContent: { content: [{ text: "so" }], citations: [{ title: "t" }] } },
          ],
        },
        { role: "user", content: [{ text: "?" }] },
      ],
    },
  },
];

describe("converseRequest()", () => {
  it.each(rows)("writes $name", async ({ model = claude, request, body, dropped = [] }) => {
    const written = bedrockApi.chat.request(asked(request), { ...target, model });
    expect(written.body).toEqual({
      messages: [{ role: "user", content: [{ text: "Hello" }] }],
      ...body,
    });
    expect([...written.dropped].sort()).toEqual([...dropped].sort());
    // The official client leaves out what Converse does not know.
    expect(await writtenByClient(written.body)).toEqual(JSON.parse(JSON.stringify(written.body)));
  });

  it("asks at the model's own path", () => {
    const request = asked({});
    const path = (stream: boolean) =>
      bedrockApi.chat.request({ ...request, stream }, { ...target, basePath: "/b", model: claude })
        .path;
    expect(path(false)).toBe(`/b/model/${encodeURIComponent(claude)}/converse`);
    expect(path(true)).toBe(`/b/model/${encodeURIComponent(claude)}/converse-stream`);
  });

  it.each([
    { name: "a file by its id", part: { type: "file", source: { kind: "id", id: "file-1" } } },
    { name: "a type that nobody reads", part: { type: "file", source: data("application/zip") } },
    { name: "an image that is none", part: { type: "image", source: data("application/pdf") } },
  ] as const)("refuses $name", ({ part }) => {
    const messages: ChatMessage[] = [{ role: "user", content: [part] }];
    const write = () => bedrockApi.chat.request(asked({ messages }), { ...target, model: claude });
    expect(write).toThrow(Fault);
    expect(write).toThrow(/^Bedrock does not take /);
  });

  it("has the web fetched for it, and S3 not", () => {
    const mustFetch = (source: MediaSource) =>
      bedrockApi.chat.mustFetch({ type: "file", source }, target);
    const fetched = (url: string) => mustFetch({ kind: "url", url });
    expect(fetched("https://x/y.png")).toBe(true);
    expect(fetched("HTTP://x/y.png")).toBe(true);
    expect(fetched("s3://b/k")).toBe(false);
    expect(mustFetch(data("image/png"))).toBe(false);
  });

  it("counts the tokens of what it would send", () => {
    const request = asked({ tools: [tool("f")], maxOutputTokens: 5, topK: 2 });
    const counted = bedrockApi.countTokens?.request(request, { ...target, model: claude });
    expect(counted?.path).toBe(`/model/${encodeURIComponent(claude)}/count-tokens`);
    expect(counted?.body).toEqual({
      input: {
        converse: {
          messages: [{ role: "user", content: [{ text: "Hello" }] }],
          toolConfig: { tools: [spec("f")] },
          additionalModelRequestFields: { top_k: 2 },
        },
      },
    });
    expect(bedrockApi.countTokens?.answer({ inputTokens: 7 })).toBe(7);
    expect(bedrockApi.countTokens?.answer({ message: "no" })).toBeUndefined();
  });
});

const target = {
  model: claude,
  basePath: "",
  apiVersion: "",
  keepAlive: "",
  project: "",
  location: "",
};

function asked(request: Partial<ChatRequest>): ChatRequest {
  return {
    messages: [user("Hello")],
    tools: [],
    stream: false,
    more: { dialect: "openai", members: {} },
    ...request,
  };
}

function user(text: string): ChatMessage {
  return { role: "user", content: [{ type: "text", text }] };
}

function assistant(text: string): ChatMessage {
  return { role: "assistant", content: [{ type: "text", text }] };
}

function call(id: string, name: string, text = "{}") {
  return [{ type: "tool-call", id, name, arguments: text } as const];
}

function calls(...list: readonly (readonly [string, string, string])[]): ChatMessage {
  return { role: "assistant", content: list.flatMap(([id, name, text]) => call(id, name, text)) };
}

function result(callId: string, text: string) {
  return { role: "tool", callId, content: [{ type: "text", text }] } as const;
}

function tool(name: string): FunctionTool {
  return { type: "function", name };
}

function spec(name: string) {
  return { toolSpec: { name, inputSchema: { json: { type: "object", properties: {} } } } };
}

function answerSpec(name: string) {
  const json = { type: "object", properties: { a: { type: "string" } } };
  return { toolSpec: { name, description: "Gives the final answer.", inputSchema: { json } } };
}

function format(more: object = {}) {
  const schema = { type: "object", properties: { a: { type: "string" } }, ...more };
  return { type: "json_schema", name: "city", schema } as const;
}

function data(mediaType: string) {
  return { kind: "data", mediaType, data: "ZA==" } as const;
}

function file(mediaType: string, filename: string) {
  return { type: "file", source: data(mediaType), filename } as const;
}

function document(kind: string, name: string) {
  return { document: { format: kind, source: { bytes: "ZA==" }, name } };
}

/** The body as the official client writes it, given the same. */
async function writtenByClient(body: Readonly<Record<string, unknown>>): Promise<unknown> {
  let sent: unknown;
  const client = new BedrockRuntimeClient({
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { readonly body: Uint8Array }) => {
        sent = JSON.parse(Buffer.from(request.body).toString());
        throw new Error("not sent");
      },
    },
  });
  const input = { modelId: "m", ...Object(withBytes(body)) };
  await client.send(new ConverseCommand(input)).catch(() => {});
  client.destroy();
  return sent;
}

/** The client takes bytes where the wire has base64. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([name, member]) =>
    typeof member === "string" && (name === "bytes" || name === "redactedContent")
      ? [name, new Uint8Array(Buffer.from(member, "base64"))]
      : [name, withBytes(member)],
  );
  return Object.fromEntries(entries);
}
