import { isRecord } from "@headgate/core";
import type { Annotation, ChatEvent } from "../../chat/chat-event.ts";
import { readExtraContent } from "../../dialects/openai-chat/extra-content.ts";
import { readReasoningDetails } from "../../dialects/openai-chat/reasoning-details.ts";
import { finishReason } from "./finish-reason.ts";
import { ToolCallReader } from "./tool-call-reader.ts";

type Json = Readonly<Record<string, unknown>>;

/** Reads one choice: the deltas of a stream, or a whole message, which is read as one delta. */
export class ChoiceReader {
  readonly #choice: number;
  readonly #calls: ToolCallReader;
  #thought = false;
  /** The finish reason came; it is told when nothing more can come. */
  #reason: string | undefined;
  #closed = false;

  constructor(choice: number, answerId: () => string) {
    this.#choice = choice;
    this.#calls = new ToolCallReader(choice, answerId);
  }

  /** It is known why this choice ended. */
  get finished(): boolean {
    return this.#closed || this.#reason !== undefined;
  }

  /** @param choice its `delta`, or its `message` if it is whole. */
  read(choice: Json, message: Json, whole: boolean): readonly ChatEvent[] {
    if (this.#closed) return [];
    const events: ChatEvent[] = [];
    this.#readReasoning(message, events);
    this.#readContent(message["content"], choice["logprobs"], events);
    const { refusal } = message;
    if (typeof refusal === "string" && refusal !== "") {
      events.push({ type: "refusal-delta", choice: this.#choice, text: refusal });
    }
    this.#readState(message, events);
    this.#readMedia(message, events);
    events.push(...this.#calls.read(message, whole));
    this.#readFinish(choice["finish_reason"], whole, events);
    return events;
  }

  /** Nothing more will come. It may not have been said why this choice ended. */
  finish(): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    if (!this.#closed) this.#pushFinish(this.#reason, events);
    return events;
  }

  /**
   * `reasoning_content` (DeepSeek, vLLM before 0.12, xAI, z.ai), or `reasoning` (vLLM, Groq, Ollama,
   * OpenRouter). OpenRouter has the text twice: in the details as well.
   */
  #readReasoning(message: Json, events: ChatEvent[]): void {
    const choice = this.#choice;
    const text = [message["reasoning_content"], message["reasoning"]].find(isFilled);
    if (text !== undefined) {
      this.#thought = true;
      events.push({ type: "reasoning-delta", choice, text });
    }
    for (const part of readReasoningDetails(message["reasoning_details"])) {
      if (part.type === "redacted-reasoning") {
        events.push({ type: "redacted-reasoning", choice, data: part.data });
        continue;
      }
      if (!this.#thought && part.text !== "") {
        events.push({ type: "reasoning-delta", choice, text: part.text });
      }
      if (part.signature) events.push({ type: "signature", choice, signature: part.signature });
    }
  }

  #readContent(content: unknown, logprobs: unknown, events: ChatEvent[]): void {
    const choice = this.#choice;
    if (Array.isArray(content)) {
      for (const part of content) this.#readPart(part, events);
      return;
    }
    const tokens = isRecord(logprobs) ? logprobs["content"] : undefined;
    const hasTokens = Array.isArray(tokens) && tokens.length > 0;
    const text = typeof content === "string" ? content : "";
    if (text === "" && !hasTokens) return;
    events.push({ type: "text-delta", choice, text, ...(hasTokens && { logprobs: tokens }) });
  }

  /** Mistral: `{"type":"thinking","thinking":[{"type":"text","text":..}]}`, `{"type":"text",..}`. */
  #readPart(part: unknown, events: ChatEvent[]): void {
    const choice = this.#choice;
    if (isFilled(part)) events.push({ type: "text-delta", choice, text: part });
    if (!isRecord(part)) return;
    const { text, thinking } = part;
    if (isFilled(text)) events.push({ type: "text-delta", choice, text });
    const thoughts: readonly unknown[] = Array.isArray(thinking) ? thinking : [thinking];
    for (const thought of thoughts) {
      const words = isRecord(thought) ? thought["text"] : thought;
      if (isFilled(words)) events.push({ type: "reasoning-delta", choice, text: words });
    }
  }

  #readState(message: Json, events: ChatEvent[]): void {
    const choice = this.#choice;
    const { annotations } = message;
    for (const annotation of Array.isArray(annotations) ? annotations : []) {
      if (isAnnotation(annotation)) events.push({ type: "citation", choice, annotation });
    }
    const { signature } = readExtraContent(message);
    if (signature) events.push({ type: "signature", choice, signature });
  }

  /** Sound, and OpenRouter's images: for clients of this dialect only. */
  #readMedia({ audio, images }: Json, events: ChatEvent[]): void {
    const values = [
      ...(isRecord(audio) ? [{ type: "audio", audio }] : []),
      ...(Array.isArray(images) ? images.filter(isRecord) : []),
    ];
    for (const value of values) {
      events.push({ type: "opaque", choice: this.#choice, dialect: "openai", value });
    }
  }

  /** Together gives one finish reason for each tool call: with calls, another one may follow. */
  #readFinish(reason: unknown, whole: boolean, events: ChatEvent[]): void {
    if (isFilled(reason)) this.#reason = reason;
    const held = this.#reason === undefined || this.#calls.count > 0;
    if (whole || !held) this.#pushFinish(this.#reason, events);
  }

  /** Some servers say "stop" of an answer that calls tools (GoModel pull request 124). */
  #pushFinish(native: string | undefined, events: ChatEvent[]): void {
    this.#closed = true;
    events.push(...this.#calls.end());
    const said = finishReason(native ?? "stop");
    const reason = said === "stop" && this.#calls.count > 0 ? "tool_calls" : said;
    events.push({
      type: "finish",
      choice: this.#choice,
      reason,
      ...(native !== undefined && native !== reason && { native }),
    });
  }
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isAnnotation(value: unknown): value is Annotation {
  if (!isRecord(value) || value["type"] !== "url_citation") return false;
  const citation = value["url_citation"];
  return isRecord(citation) && typeof citation["url"] === "string";
}
