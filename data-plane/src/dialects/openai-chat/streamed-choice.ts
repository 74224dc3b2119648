import { isRecord } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { Signature } from "../../chat/chat-request.ts";
import { extraContent } from "./extra-content.ts";
import { writeFinish } from "./function-mode.ts";
import { encryptedReasoning, reasoningText } from "./reasoning-details.ts";

export type ChoiceEvent = Extract<ChatEvent, { choice: number }>;

/** One choice of a stream: turns its events into the `choices` members of chunks. */
export class StreamedChoice {
  /** `"choices":[{"index":0,"delta":` */
  readonly #head: string;
  readonly #functions: boolean;
  #begun = false;
  /** Thoughts of the part that is open; their signature comes at its end. */
  #thought = "";
  #inText = false;
  #details = 0;
  #custom = 0;
  /** Calls, by index: whether they have arguments yet. */
  readonly #calls = new Map<number, boolean>();

  constructor(index: number, functions: boolean) {
    this.#head = `"choices":[{"index":${index},"delta":`;
    this.#functions = functions;
  }

  write(event: ChoiceEvent): readonly string[] {
    const chunks = this.#chunksOf(event);
    if (this.#begun || chunks.length === 0) return chunks;
    this.#begun = true;
    const content = event.type === "tool-call-start" ? "null" : '""';
    return [this.#chunk(`{"role":"assistant","content":${content},"refusal":null}`), ...chunks];
  }

  #chunksOf(event: ChoiceEvent): readonly string[] {
    switch (event.type) {
      case "text-delta":
        return this.#text(event.text, event.logprobs);
      case "reasoning-delta":
        return this.#reasoning(event.text);
      case "tool-call-delta":
        return this.#arguments(event.index, event.arguments);
      case "tool-call-start":
        return this.#call(event);
      case "refusal-delta":
        return [this.#chunk(`{"refusal":${JSON.stringify(event.text)}}`)];
      case "signature":
        return this.#signature(event.signature);
      case "redacted-reasoning": {
        const detail = encryptedReasoning(this.#details++, event.data);
        return [this.#chunk(JSON.stringify({ reasoning_details: [detail] }))];
      }
      case "citation":
        if (!event.annotation) return [];
        return [this.#chunk(JSON.stringify({ annotations: [event.annotation] }))];
      case "opaque":
        return event.dialect === "openai" ? this.#opaque(event.value) : [];
      case "part-end":
        this.#thought = "";
        this.#inText = false;
        return [];
      case "finish":
        return [...this.#emptyCalls(), this.#finish(writeFinish(event.reason, this.#functions))];
    }
  }

  #text(text: string, logprobs: readonly unknown[] | undefined): readonly string[] {
    this.#thought = "";
    this.#inText = true;
    const delta = `{"content":${JSON.stringify(text)}}`;
    if (!logprobs) return [this.#chunk(delta)];
    const written = JSON.stringify({ content: logprobs, refusal: null });
    return [`${this.#head}${delta},"logprobs":${written},"finish_reason":null}]`];
  }

  #reasoning(text: string): readonly string[] {
    this.#thought += text;
    this.#inText = false;
    return [this.#chunk(`{"reasoning_content":${JSON.stringify(text)}}`)];
  }

  #signature(signature: Signature): readonly string[] {
    if (this.#inText) {
      return [this.#chunk(JSON.stringify({ extra_content: extraContent(signature) }))];
    }
    const detail = reasoningText(this.#details++, this.#thought, signature);
    return [this.#chunk(JSON.stringify({ reasoning_details: [detail] }))];
  }

  #call(event: Extract<ChatEvent, { type: "tool-call-start" }>): readonly string[] {
    const { index, id, name, signature } = event;
    this.#thought = "";
    this.#inText = false;
    this.#calls.set(index, false);
    const called = { name, arguments: "" };
    if (this.#functions) {
      return index === 0 ? [this.#chunk(JSON.stringify({ function_call: called }))] : [];
    }
    const state = signature && { extra_content: extraContent(signature) };
    const call = { index: this.#place(index), id, type: "function", function: called, ...state };
    return [this.#chunk(JSON.stringify({ tool_calls: [call] }))];
  }

  #arguments(index: number, text: string): readonly string[] {
    if (text === "") return [];
    this.#calls.set(index, true);
    const written = `{"arguments":${JSON.stringify(text)}}`;
    if (this.#functions) return index === 0 ? [this.#chunk(`{"function_call":${written}}`)] : [];
    return [this.#chunk(`{"tool_calls":[{"index":${this.#place(index)},"function":${written}}]}`)];
  }

  /** A call without arguments has those of an empty object. */
  #emptyCalls(): readonly string[] {
    const empty = [...this.#calls].filter(([, hasArguments]) => !hasArguments);
    return empty.flatMap(([index]) => this.#arguments(index, "{}"));
  }

  /** OpenAI's own: sound, images, and calls of custom tools. */
  #opaque(value: unknown): readonly string[] {
    if (!isRecord(value)) return [];
    const { type } = value;
    if (type === "audio") return [this.#chunk(JSON.stringify({ audio: value["audio"] }))];
    if (type === "image_url") return [this.#chunk(JSON.stringify({ images: [value] }))];
    if (type !== "custom") return [];
    const index = this.#calls.size + this.#custom++;
    return [this.#chunk(JSON.stringify({ tool_calls: [{ index, ...value }] }))];
  }

  /** Custom calls are counted apart in the common form, but not here. */
  #place(index: number): number {
    return index + this.#custom;
  }

  #finish(reason: string): string {
    return `${this.#head}{},"logprobs":null,"finish_reason":"${reason}"}]`;
  }

  #chunk(delta: string): string {
    return `${this.#head}${delta},"logprobs":null,"finish_reason":null}]`;
  }
}
