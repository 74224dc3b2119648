import { exampleOf } from "./example-of-schema.ts";
import { InvalidRequest } from "./invalid-request.ts";
import { clip, estimateTokens, wordsOf } from "./words.ts";

/** The fields of a chat request that change the answer. */
export interface ChatRequest {
  readonly model?: unknown;
  readonly messages?: unknown;
  readonly stream?: unknown;
  readonly stream_options?: { readonly include_usage?: unknown };
  readonly max_tokens?: unknown;
  readonly max_completion_tokens?: unknown;
  readonly tools?: readonly { readonly function?: { readonly name?: string } }[];
  readonly tool_choice?: unknown;
  readonly response_format?: {
    readonly type?: string;
    readonly json_schema?: { readonly schema?: unknown };
  };
}

export interface AnswerIdentity {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
}

export function chatCompletion(request: ChatRequest, identity: AnswerIdentity): object {
  const reply = replyTo(request);
  return {
    ...head(request, identity, "chat.completion"),
    choices: [
      { index: 0, message: message(reply, identity), logprobs: null, finish_reason: reply.finish },
    ],
    usage: reply.usage,
  };
}

/** The same answer in pieces: one with the role, one per word or for the tool, one with the end. */
export function* chatChunks(request: ChatRequest, identity: AnswerIdentity): Generator<object> {
  const reply = replyTo(request);
  const withUsage = request.stream_options?.include_usage === true;
  const chunk = (delta: object, finish: string | null): object => ({
    ...head(request, identity, "chat.completion.chunk"),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(withUsage && { usage: null }),
  });
  yield chunk({ role: "assistant", content: reply.kind === "text" ? "" : null }, null);
  if (reply.kind === "tool") {
    yield chunk({ tool_calls: [{ index: 0, ...toolCall(reply.tool, identity) }] }, null);
  } else {
    for (const content of reply.words) yield chunk({ content }, null);
  }
  yield chunk({}, reply.finish);
  if (withUsage) {
    yield {
      ...head(request, identity, "chat.completion.chunk"),
      choices: [],
      usage: reply.usage,
    };
  }
}

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

type Reply = { readonly finish: string; readonly usage: Usage } & (
  | { readonly kind: "text"; readonly words: readonly string[] }
  | { readonly kind: "tool"; readonly tool: string }
);

function replyTo(request: ChatRequest): Reply {
  if (!Array.isArray(request.messages) || request.messages.length === 0) {
    throw new InvalidRequest("messages must be a list with at least one message");
  }
  const inputTokens = estimateTokens(JSON.stringify(request.messages));
  const tool = forcedTool(request);
  if (tool !== undefined) {
    return { kind: "tool", tool, finish: "tool_calls", usage: usageOf(inputTokens, 5) };
  }
  const wanted = wordsOf(textFor(request));
  const words = clip(wanted, request.max_completion_tokens ?? request.max_tokens);
  const finish = words.length < wanted.length ? "length" : "stop";
  return { kind: "text", words, finish, usage: usageOf(inputTokens, words.length) };
}

export function usageOf(inputTokens: number, outputTokens: number): Usage {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

/** The tool that tool_choice demands: the one it names, or the first when any will do. */
function forcedTool({ tools, tool_choice }: ChatRequest): string | undefined {
  if (tool_choice === "required") return tools?.[0]?.function?.name;
  if (typeof tool_choice !== "object" || tool_choice === null) return undefined;
  // The shape that OpenAI documents; anything else forces nothing.
  const named = tool_choice as { readonly function?: { readonly name?: unknown } };
  return typeof named.function?.name === "string" ? named.function.name : undefined;
}

function textFor({ messages, response_format: format }: ChatRequest): string {
  if (format?.type === "json_schema") {
    return JSON.stringify(exampleOf(format.json_schema?.schema));
  }
  if (format?.type === "json_object") return '{"answer": "This is the demo provider."}';
  const said = lastUserText(messages);
  const echo = said === "" ? "" : ` You said: "${said.slice(0, 200)}".`;
  return (
    `Hello from the demo provider of Headgate!${echo} ` +
    "I make my answers up, word by word. Add a real provider to talk to a real model."
  );
}

function lastUserText(messages: unknown): string {
  if (!Array.isArray(messages)) return "";
  const last: unknown = messages.findLast((entry) => entry?.role === "user")?.content;
  if (typeof last === "string") return last;
  if (!Array.isArray(last)) return "";
  return last
    .map((part: unknown) => (hasText(part) ? part.text : ""))
    .join(" ")
    .trim();
}

function hasText(part: unknown): part is { readonly text: string } {
  return (
    typeof part === "object" && part !== null && "text" in part && typeof part.text === "string"
  );
}

function message(reply: Reply, identity: AnswerIdentity): object {
  const base = { role: "assistant", refusal: null };
  return reply.kind === "tool"
    ? { ...base, content: null, tool_calls: [toolCall(reply.tool, identity)] }
    : { ...base, content: reply.words.join("") };
}

function toolCall(name: string, { id }: AnswerIdentity): object {
  return { id: `call_${id}`, type: "function", function: { name, arguments: "{}" } };
}

function head(request: ChatRequest, { id, created }: AnswerIdentity, object: string): object {
  const model = typeof request.model === "string" ? request.model : "demo";
  return { id: `chatcmpl-${id}`, object, created, model, system_fingerprint: "fp_demo" };
}
