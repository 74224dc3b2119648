import { crc32 } from "node:zlib";
import type { Exchange } from "@headgate/testing";

/**
 * What vendors' documentation promises and no recording shows: errors in the middle of an answer,
 * rare reasons to stop, several candidates, calls without arguments. As short as can be.
 */
export function madeUpExchanges(): readonly Exchange[] {
  return [
    ...anthropicStreams(),
    ...anthropicAnswers(),
    ...geminiStreams(),
    ...geminiAnswers(),
    ...bedrockStreams(),
    ...bedrockAnswers(),
    ...ollamaStreams(),
    ...ollamaAnswers(),
  ];
}

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
function anthropicStreams(): readonly Exchange[] {
  const usage = { input_tokens: 10, cache_creation_input_tokens: 4, cache_read_input_tokens: 3 };
  const head = { id: "msg_1", type: "message", role: "assistant", model: "claude-x", content: [] };
  const start = {
    type: "message_start",
    message: { ...head, stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  };
  const block = (index: number, content_block: object, ...deltas: readonly object[]) => [
    { type: "content_block_start", index, content_block },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
  const said = block(0, { type: "text", text: "" }, { type: "text_delta", text: "I can é👋" });
  const stopped = (stop_reason: string) => [
    { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 4 } },
    { type: "message_stop" },
  ];
  const json = (partial_json: string) => ({ type: "input_json_delta", partial_json });
  const overloaded = {
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  };
  const streams: Readonly<Record<string, readonly object[]>> = {
    "error-in-the-middle": [start, ...said, overloaded],
    "error-first": [start, { type: "ping" }, overloaded],
    refusal: [start, ...said, ...stopped("refusal")],
    paused: [start, ...said, ...stopped("pause_turn")],
    "out-of-context": [start, ...said, ...stopped("model_context_window_exceeded")],
    unfinished: [start, ...said],
    "nothing-said": [start, ...stopped("end_turn")],
    "thoughts-text-and-calls": [
      start,
      ...block(
        0,
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "hm" },
        { type: "signature_delta", signature: "sig" },
      ),
      ...block(1, { type: "text", text: "" }, { type: "text_delta", text: "é👋" }),
      ...block(2, { type: "tool_use", id: "toolu_1", name: "f", input: {} }, json("")),
      ...block(
        3,
        { type: "tool_use", id: "toolu_2", name: "g", input: {} },
        json(""),
        json('{"a":'),
        json(' [1, "é"]}'),
      ),
      ...stopped("tool_use"),
    ],
  };
  return Object.entries(streams).map(([name, events]) =>
    streamed("anthropic", "messages", name, events.map(namedEvent)),
  );
}

function anthropicAnswers(): readonly Exchange[] {
  const content = [
    { type: "text", text: "a" },
    { type: "text", text: "b" },
    { type: "tool_use", id: "toolu_1", name: "f", input: {} },
  ];
  const usage = { input_tokens: 0, output_tokens: 0 };
  const about = { id: "msg_1", type: "message", role: "assistant", model: "claude-x" };
  const answer = { ...about, content, stop_reason: "tool_use", stop_sequence: null, usage };
  const errors = {
    402: "billing_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
  };
  return [
    whole("anthropic", "messages", "two-texts-and-a-call", answer),
    ...Object.entries(errors).map(([status, type]) =>
      whole(
        "anthropic",
        "messages",
        type,
        { type: "error", error: { type, message: "No." } },
        status,
      ),
    ),
  ];
}

const geminiUsage = { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 };
const malformed = { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "Malformed." };

function candidate(parts: readonly object[], more: object = {}): object {
  return { content: { role: "model", parts }, ...more };
}

/** https://ai.google.dev/api/generate-content */
function geminiStreams(): readonly Exchange[] {
  const call = { functionCall: { name: "f", args: { a: "é" } } };
  const overloaded = { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" };
  const first = (parts: readonly object[], more?: object) => ({
    candidates: [candidate(parts, { index: 0, ...more })],
    usageMetadata: geminiUsage,
  });
  const second = (parts: readonly object[], more?: object) => ({
    candidates: [candidate(parts, { index: 1, ...more })],
  });
  const streams: Readonly<Record<string, readonly object[]>> = {
    "two-candidates": [
      first([{ text: "a" }]),
      second([{ text: "x" }]),
      first([{ text: "b" }], { finishReason: "STOP" }),
      second([{ text: "y" }], { finishReason: "SAFETY" }),
    ],
    "calls-apart-from-their-finish": [
      first([call]),
      first([call]),
      first([{ text: "" }], { finishReason: "STOP" }),
    ],
    "malformed-call": [{ candidates: [malformed], usageMetadata: geminiUsage }],
    "error-in-the-middle": [first([{ text: "a" }]), { error: overloaded }],
  };
  return Object.entries(streams).map(([name, events]) =>
    streamed(
      "gemini",
      "streamGenerateContent",
      name,
      events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`),
    ),
  );
}

function geminiAnswers(): readonly Exchange[] {
  const finishReason = "STOP";
  const code = [
    { text: "a" },
    { executableCode: { language: "PYTHON", code: "1+1" } },
    { codeExecutionResult: { outcome: "OUTCOME_OK", output: "2" } },
    { text: "b" },
  ];
  const two = [
    candidate([{ text: "a" }], { finishReason, index: 0 }),
    candidate([{ text: "b" }], { finishReason: "MAX_TOKENS", index: 1 }),
  ];
  const answers: Readonly<Record<string, readonly object[]>> = {
    "two-candidates": two,
    "code-that-google-ran": [candidate(code, { finishReason })],
    "malformed-call": [malformed],
  };
  const errors = {
    401: "UNAUTHENTICATED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
  };
  return [
    ...Object.entries(answers).map(([name, candidates]) =>
      whole("gemini", "generateContent", name, { candidates, usageMetadata: geminiUsage }),
    ),
    ...Object.entries(errors).map(([code, status]) => {
      const error = { code: Number(code), message: "No.", status };
      return whole("vertex", "generateContent", status, { error }, code);
    }),
  ];
}

const bedrockUsage = {
  inputTokens: 5,
  outputTokens: 7,
  totalTokens: 15,
  cacheReadInputTokens: 2,
  cacheWriteInputTokens: 1,
};

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
function bedrockStreams(): readonly Exchange[] {
  const start = bedrockEvent("messageStart", { role: "assistant" });
  const delta = (contentBlockIndex: number, one: object) =>
    bedrockEvent("contentBlockDelta", { contentBlockIndex, delta: one });
  const stop = (contentBlockIndex: number) =>
    bedrockEvent("contentBlockStop", { contentBlockIndex });
  const call = (contentBlockIndex: number, toolUseId: string, name: string) =>
    bedrockEvent("contentBlockStart", {
      contentBlockIndex,
      start: { toolUse: { toolUseId, name } },
    });
  const ended = (stopReason: string) => [
    bedrockEvent("messageStop", { stopReason }),
    bedrockEvent("metadata", { usage: bedrockUsage, metrics: { latencyMs: 1 } }),
  ];
  const streams: Readonly<Record<string, readonly Buffer[]>> = {
    "thoughts-text-and-calls": [
      start,
      delta(0, { reasoningContent: { text: "hm" } }),
      delta(0, { reasoningContent: { signature: "sig" } }),
      stop(0),
      delta(1, { text: "é👋" }),
      stop(1),
      call(2, "tooluse_1", "f"),
      stop(2),
      call(3, "tooluse_2", "g"),
      delta(3, { toolUse: { input: '{"a":1}' } }),
      stop(3),
      ...ended("tool_use"),
    ],
    filtered: [start, delta(0, { text: "a" }), stop(0), ...ended("content_filtered")],
    "error-first": [start, bedrockException("throttlingException")],
    "error-in-the-middle": [
      start,
      delta(0, { text: "a" }),
      bedrockException("modelStreamErrorException"),
    ],
  };
  return Object.entries(streams).map(([name, frames]) => ({
    ...about("bedrock", "converse-stream", name, true),
    response: {
      status: 200,
      headers: { "content-type": "application/vnd.amazon.eventstream" },
      body_base64: Buffer.concat(frames).toString("base64"),
    },
  }));
}

function bedrockAnswers(): readonly Exchange[] {
  const content = [
    { reasoningContent: { reasoningText: { text: "hm", signature: "sig" } } },
    { text: "a" },
  ];
  const output = { message: { role: "assistant", content } };
  const metrics = { latencyMs: 1 };
  const answer = { output, stopReason: "max_tokens", usage: bedrockUsage, metrics };
  const errors = {
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
  };
  return [
    whole("bedrock", "converse", "thoughts", answer),
    ...Object.entries(errors).map(([status, type]) =>
      whole("bedrock", "converse", type, { message: "No." }, status, { "x-amzn-errortype": type }),
    ),
  ];
}

/** https://docs.ollama.com/api/chat */
function ollamaStreams(): readonly Exchange[] {
  const piece = (message: object) => ({
    model: "m",
    created_at: "2026-01-01T00:00:00Z",
    message: { role: "assistant", content: "", ...message },
    done: false,
  });
  const done = (done_reason: string) => ({
    ...piece({}),
    done: true,
    done_reason,
    prompt_eval_count: 5,
    eval_count: 7,
  });
  const call = (args: object) =>
    piece({ tool_calls: [{ function: { name: "f", arguments: args } }] });
  const streams: Readonly<Record<string, readonly object[]>> = {
    "thoughts-text-and-calls": [
      piece({ thinking: "hm" }),
      piece({ content: "é👋" }),
      call({ a: 1 }),
      call({}),
      done("stop"),
    ],
    "too-long": [piece({ content: "a" }), done("length")],
    "error-in-the-middle": [piece({ content: "a" }), { error: "the model runner has stopped" }],
  };
  return Object.entries(streams).map(([name, pieces]) =>
    streamed(
      "ollama",
      "ollama-chat",
      name,
      pieces.map((one) => `${JSON.stringify(one)}\n`),
    ),
  );
}

function ollamaAnswers(): readonly Exchange[] {
  const message = { role: "assistant", content: "" };
  const loaded = { model: "m", created_at: "2026-01-01T00:00:00Z", message, done: true };
  return [
    whole("ollama", "ollama-chat", "loaded", { ...loaded, done_reason: "load" }),
    whole("ollama", "ollama-chat", "stopped", { error: "model runner has stopped" }, "500"),
    whole("ollama", "ollama-chat", "busy", { error: "server busy, please try again" }, "503"),
  ];
}

function about(provider: string, kind: string, name: string, stream: boolean) {
  return {
    name: `${provider} ${kind}: ${name}`,
    provider,
    kind,
    stream,
    features: [],
    request: null,
  };
}

function streamed(
  provider: string,
  kind: string,
  name: string,
  chunks: readonly string[],
): Exchange {
  return { ...about(provider, kind, name, true), response: { status: 200, headers: {}, chunks } };
}

function whole(
  ...[provider, kind, name, body, status = "200", headers = {}]: [
    provider: string,
    kind: string,
    name: string,
    body: object,
    status?: string,
    headers?: Readonly<Record<string, string>>,
  ]
): Exchange {
  const response = { status: Number(status), headers, body: JSON.stringify(body) };
  return { ...about(provider, kind, name, false), response };
}

function namedEvent(event: object): string {
  const type = "type" in event ? String(event.type) : "";
  return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function bedrockEvent(type: string, payload: object): Buffer {
  const headers = { ":event-type": type, ":content-type": "application/json" };
  return awsFrame({ ...headers, ":message-type": "event" }, payload);
}

function bedrockException(type: string): Buffer {
  const headers = { ":exception-type": type, ":content-type": "application/json" };
  return awsFrame({ ...headers, ":message-type": "exception" }, { message: "No." });
}

/** Lengths, their checksum, headers, payload, and the checksum of it all. */
function awsFrame(headers: Readonly<Record<string, string>>, payload: object): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => awsHeader(name, value)),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(head.length + body.length + 16, 0);
  lengths.writeUInt32BE(head.length, 4);
  const checked = Buffer.concat([lengths, checksum(lengths), head, body]);
  return Buffer.concat([checked, checksum(checked)]);
}

function awsHeader(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  const text = 7;
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([text]),
    length,
    Buffer.from(value),
  ]);
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
}
