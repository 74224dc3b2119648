import OpenAI, { APIError } from "openai";
import { openAiFinish } from "./finish-words.ts";
import { count, member } from "./raw-json.ts";
import {
  ChoiceDraft,
  draftAt,
  finishedReading,
  ordered,
  type Reading,
  type UsageReading,
} from "./reading.ts";
import type { VendorCall } from "./vendor.ts";

/** What the openai client makes of an answer in OpenAI's shape: ours, and those we relay. */
export async function readWithOpenAi({ origin, stream, kind }: VendorCall): Promise<Reading> {
  const client = new OpenAI({ apiKey: "k", baseURL: `${origin}/v1`, maxRetries: 0 });
  return await readOpenAi(client, { model: "m", stream, kind });
}

export interface OpenAiCall {
  readonly model: string;
  readonly stream: boolean;
  /** `completions`, or anything else for chat. */
  readonly kind: string;
  readonly tools?: OpenAI.ChatCompletionTool[];
}

/** Asks, and reads what comes. */
export async function readOpenAi(client: OpenAI, call: OpenAiCall): Promise<Reading> {
  try {
    if (call.kind === "completions") return await readCompletion(client, call);
    return call.stream ? await readChatStream(client, call) : await readChat(client, call);
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { kind: "error", status: error.status ?? 500 };
  }
}

/**
 * What the client's own helper makes of a stream, which is stricter than reading its chunks.
 * @throws where the helper finds a stream that no API of OpenAI would send.
 */
export async function readOpenAiWithHelper(client: OpenAI, call: OpenAiCall): Promise<Reading> {
  const request = { ...chatRequest(call), ...usageToo };
  const answer = await client.chat.completions.stream(request).finalChatCompletion();
  return finishedReading(answer.choices.map(choiceOf), openAiFinish, usageOf(answer.usage));
}

const usageToo = { stream: true, stream_options: { include_usage: true } } as const;

function chatRequest({ model, tools }: OpenAiCall) {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Hello" }];
  return { model, messages, ...(tools && tools.length > 0 && { tools }) };
}

async function readChat(client: OpenAI, call: OpenAiCall): Promise<Reading> {
  const answer = await client.chat.completions.create(chatRequest(call));
  const drafts = (answer?.choices ?? []).map(choiceOf);
  return finishedReading(drafts, openAiFinish, usageOf(answer?.usage));
}

/** Providers leave out what the types promise. */
function choiceOf({ message, finish_reason }: Partial<OpenAI.ChatCompletion.Choice>): ChoiceDraft {
  const draft = new ChoiceDraft();
  draft.text = contentOf(message?.content, "text");
  draft.refusal = message?.refusal ?? "";
  draft.reasoning = reasoningOf(message) + contentOf(message?.content, "thinking");
  for (const made of message?.tool_calls ?? []) {
    if (made.type !== "function") continue;
    const { name, arguments: json } = made.function;
    draft.toolCalls.push({ id: made.id, name, arguments: JSON.parse(json || "{}") });
  }
  draft.finish = finish_reason || (draft.toolCalls.length > 0 ? "tool_calls" : "stop");
  return draft;
}

async function readChatStream(client: OpenAI, call: OpenAiCall): Promise<Reading> {
  const stream = await client.chat.completions.create({ ...chatRequest(call), ...usageToo });
  const drafts = new Map<number, StreamDraft>();
  let usage: UsageReading | undefined;
  for await (const chunk of stream) {
    for (const choice of chunk.choices ?? []) {
      draftAt(drafts, choice.index, () => new StreamDraft()).add(choice);
    }
    usage = usageOf(chunk.usage ?? undefined) ?? usage;
  }
  const whole = ordered(drafts).map((draft) => draft.whole());
  return finishedReading(whole, openAiFinish, usage);
}

class StreamDraft extends ChoiceDraft {
  readonly #calls = new Map<number, { id: string; name: string; json: string }>();

  add({ delta, finish_reason }: OpenAI.ChatCompletionChunk.Choice): void {
    this.text += contentOf(delta?.content, "text");
    this.refusal += delta?.refusal ?? "";
    this.reasoning += reasoningOf(delta) + contentOf(delta?.content, "thinking");
    for (const made of delta?.tool_calls ?? []) {
      const call = draftAt(this.#calls, made.index, () => ({ id: "", name: "", json: "" }));
      call.id ||= made.id ?? "";
      call.name ||= made.function?.name ?? "";
      call.json += made.function?.arguments ?? "";
    }
    if (finish_reason) this.finish = finish_reason;
  }

  whole(): ChoiceDraft {
    for (const { id, name, json } of this.#calls.values()) {
      this.toolCalls.push({ id, name, arguments: JSON.parse(json || "{}") });
    }
    return this;
  }
}

async function readCompletion(client: OpenAI, { model, stream }: OpenAiCall): Promise<Reading> {
  const request = { model, prompt: "Hello" };
  const pieces: OpenAI.Completion[] = [];
  if (stream) {
    for await (const piece of await client.completions.create({ ...request, ...usageToo })) {
      pieces.push(piece);
    }
  } else pieces.push(await client.completions.create(request));
  const drafts = new Map<number, ChoiceDraft>();
  for (const choice of pieces.flatMap(({ choices }) => choices)) {
    const draft = draftAt(drafts, choice.index, () => new ChoiceDraft());
    draft.text += choice.text;
    if (choice.finish_reason) draft.finish = choice.finish_reason;
  }
  const usages = pieces.map(({ usage }) => usageOf(usage));
  return finishedReading(
    ordered(drafts),
    openAiFinish,
    usages.findLast((usage) => usage !== undefined),
  );
}

/** Mistral has lists of parts there, and lists in the thoughts among them. */
function contentOf(content: unknown, wanted: "text" | "thinking"): string {
  if (typeof content === "string") return wanted === "text" ? content : "";
  const parts = Array.isArray(content) ? content.filter(({ type }) => type === wanted) : [];
  return parts.map((part) => part.text ?? contentOf(part.thinking, "text")).join("");
}

/** Not in the client's types: DeepSeek's name for it, and vLLM's. */
function reasoningOf(message: unknown): string {
  const found = member(message, "reasoning_content") || member(message, "reasoning");
  return typeof found === "string" ? found : "";
}

function usageOf(usage: OpenAI.CompletionUsage | undefined): UsageReading | undefined {
  if (usage === undefined || usage === null) return undefined;
  return {
    input: usage.prompt_tokens,
    output: usage.completion_tokens,
    cachedInput: count(usage.prompt_tokens_details, "cached_tokens"),
    reasoning: count(usage.completion_tokens_details, "reasoning_tokens"),
  };
}
