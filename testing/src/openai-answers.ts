import { type Answer, errorAnswer, jsonAnswer } from "./answer.ts";
import type { ProviderRequest } from "./provider-request.ts";

export interface OpenAiAnswersOptions {
  /** What the model says. Streams say it in `chunks` pieces. */
  readonly text?: string;
  /** Content chunks of a stream: the text is cut, or repeated, to make this many. Default 3. */
  readonly chunks?: number;
  /** Pad each content chunk's text to this many bytes. */
  readonly chunkBytes?: number;
  /** Pause between chunks. Default none. */
  readonly chunkIntervalMs?: number;
  /** Arguments of the tool call made when the request brings tools and no tool result yet. */
  readonly toolArguments?: Readonly<Record<string, unknown>>;
  /** Ids listed by /models. */
  readonly models?: readonly string[];
  /** Numbers in an embedding. Default 8. */
  readonly dimensions?: number;
}

type Body = Readonly<Record<string, unknown>>;

/** A behaviour that answers as the OpenAI API does, with usage, always the same for the same call. */
export function openAiAnswers(options: OpenAiAnswersOptions = {}) {
  return (request: ProviderRequest): Answer => {
    const path = request.path.replace(/\?.*/, "");
    if (path.endsWith("/chat/completions")) return chatAnswer(request.json(), options);
    if (path.endsWith("/completions")) return completionAnswer(request.json(), options);
    if (path.endsWith("/embeddings")) return embeddingsAnswer(request.json(), options);
    if (path.includes("/models")) return modelsAnswer(options);
    const message = `The fake provider has no ${request.method} ${path}.`;
    return errorAnswer(404, { message, type: "invalid_request_error" });
  };
}

/** The floats an embedding of `input` has, in the precision that base64 carries. */
export function fakeEmbedding(input: string, dimensions = 8): readonly number[] {
  const numbers = Array.from({ length: dimensions }, (_, at) => (input.length + 1) / (at + 2));
  return [...Float32Array.from(numbers)];
}

/** The usage reported for a call: a token for four bytes in, one for each piece out. */
function fakeUsage(body: Body, outputTokens: number) {
  const inputTokens = Math.ceil(
    JSON.stringify(body["messages"] ?? body["prompt"] ?? "").length / 4,
  );
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

function chatAnswer(body: Body, options: OpenAiAnswersOptions): Answer {
  const tool = toolToCall(body);
  const message = tool ? toolCallMessage(tool, options) : textMessage(options);
  const finishReason = tool ? "tool_calls" : "stop";
  const pieces = tool ? 1 : chunkCount(options);
  const usage = fakeUsage(body, pieces);
  if (body["stream"] === true) {
    const deltas = tool ? toolCallDeltas(tool, options) : textDeltas(options);
    return streamAnswer(body, chatChunks(body, deltas, finishReason, usage), options);
  }
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason };
  return jsonAnswer({ ...frame(body, "chat.completion"), choices: [choice], usage });
}

function completionAnswer(body: Body, options: OpenAiAnswersOptions): Answer {
  const usage = fakeUsage(body, chunkCount(options));
  const choice = (text: string, finish: string | null) => ({
    ...frame(body, "text_completion"),
    choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
  });
  if (body["stream"] !== true) return jsonAnswer({ ...choice(textOf(options), "stop"), usage });
  const texts = textPieces(options).map((text) => choice(text, null));
  const usageChunk = { ...frame(body, "text_completion"), choices: [], usage };
  return streamAnswer(body, [...texts, choice("", "stop"), usageChunk], options);
}

function embeddingsAnswer(body: Body, options: OpenAiAnswersOptions): Answer {
  const input = body["input"];
  const inputs = Array.isArray(input) ? input.map(String) : [String(input)];
  const data = inputs.map((text, index) => {
    const floats = fakeEmbedding(text, options.dimensions);
    const embedding = body["encoding_format"] === "base64" ? base64Of(floats) : floats;
    return { object: "embedding", index, embedding };
  });
  const { prompt_tokens, total_tokens } = fakeUsage({ prompt: inputs }, 0);
  const usage = { prompt_tokens, total_tokens };
  return jsonAnswer({ object: "list", model: body["model"], data, usage });
}

function modelsAnswer(options: OpenAiAnswersOptions): Answer {
  const data = (options.models ?? ["fake-model"]).map((id) => ({
    id,
    object: "model",
    created: createdAtS,
    owned_by: "fake",
  }));
  return jsonAnswer({ object: "list", data });
}

/** Streams carry usage in a last chunk without choices, and only for those who ask. */
function streamAnswer(body: Body, chunks: readonly Body[], options: OpenAiAnswersOptions): Answer {
  const asked = (body["stream_options"] as Body | undefined)?.["include_usage"] === true;
  const sent = asked ? chunks : chunks.slice(0, -1);
  const events = sent.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  return {
    headers: { "content-type": "text/event-stream; charset=utf-8" },
    body: [...events, "data: [DONE]\n\n"],
    ...(options.chunkIntervalMs ? { dripMs: options.chunkIntervalMs } : {}),
  };
}

function chatChunks(
  body: Body,
  deltas: readonly Body[],
  finishReason: string,
  usage: Body,
): readonly Body[] {
  const chunk = (delta: Body, finish: string | null) => ({
    ...frame(body, "chat.completion.chunk"),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  const first = chunk({ role: "assistant", content: deltas[0]?.["tool_calls"] ? null : "" }, null);
  const middle = deltas.map((delta) => chunk(delta, null));
  const usageChunk = { ...frame(body, "chat.completion.chunk"), choices: [], usage };
  return [first, ...middle, chunk({}, finishReason), usageChunk];
}

/** Seconds since the epoch; fixed, so that the same call always gets the same bytes. */
const createdAtS = 1_750_000_000;

function frame(body: Body, object: string): Body {
  return { id: "chatcmpl-fake", object, created: createdAtS, model: body["model"] };
}

function toolToCall(body: Body): string | undefined {
  const tools = body["tools"];
  const messages = body["messages"];
  if (!Array.isArray(tools) || body["tool_choice"] === "none" || !Array.isArray(messages)) return;
  return messages.at(-1)?.role === "tool" ? undefined : tools[0]?.function?.name;
}

function toolCallMessage(name: string, options: OpenAiAnswersOptions): Body {
  const call = {
    id: "call_fake",
    type: "function",
    function: { name, arguments: argumentsOf(options) },
  };
  return { role: "assistant", content: null, refusal: null, tool_calls: [call] };
}

/** As OpenAI does: name and id first, then the arguments in two parts. */
function toolCallDeltas(name: string, options: OpenAiAnswersOptions): readonly Body[] {
  const text = argumentsOf(options);
  const half = Math.ceil(text.length / 2);
  const head = { index: 0, id: "call_fake", type: "function", function: { name, arguments: "" } };
  const part = (piece: string) => ({ index: 0, function: { arguments: piece } });
  const calls = [head, part(text.slice(0, half)), part(text.slice(half))];
  return calls.map((call) => ({ tool_calls: [call] }));
}

function argumentsOf(options: OpenAiAnswersOptions): string {
  return JSON.stringify(options.toolArguments ?? {});
}

function textMessage(options: OpenAiAnswersOptions): Body {
  return { role: "assistant", content: textOf(options), refusal: null };
}

function textDeltas(options: OpenAiAnswersOptions): readonly Body[] {
  return textPieces(options).map((content) => ({ content }));
}

function textOf(options: OpenAiAnswersOptions): string {
  return options.text ?? "Hello from the fake provider.";
}

function chunkCount(options: OpenAiAnswersOptions): number {
  return options.chunks ?? 3;
}

/** The text in as many pieces as chunks are wanted; padded pieces repeat one letter. */
function textPieces(options: OpenAiAnswersOptions): readonly string[] {
  const count = chunkCount(options);
  if (options.chunkBytes !== undefined) {
    const piece = "x".repeat(options.chunkBytes);
    return Array.from({ length: count }, () => piece);
  }
  const text = textOf(options);
  const size = Math.max(1, Math.ceil(text.length / count));
  return Array.from({ length: count }, (_, at) => text.slice(at * size, (at + 1) * size));
}

function base64Of(floats: readonly number[]): string {
  return Buffer.from(Float32Array.from(floats).buffer).toString("base64");
}
