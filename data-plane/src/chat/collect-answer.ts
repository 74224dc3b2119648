import type { Usage } from "@headgate/core";
import type { ApiError } from "../providers/api-error.ts";
import type { AnswerChoice, AnswerPart, AnswerText, ChatAnswer } from "./chat-answer.ts";
import type { Annotation, ChatEvent, StartEvent } from "./chat-event.ts";
import type { Dialect, ReasoningPart, RefusalPart, ToolCallPart } from "./chat-request.ts";

export type Collected =
  | { readonly kind: "answer"; readonly answer: ChatAnswer }
  | { readonly kind: "error"; readonly error: ApiError }
  /** No choice was finished: whatever it was, it was not an answer. */
  | { readonly kind: "incomplete" };

/** The whole answer that events make up. */
export function collectAnswer(events: readonly ChatEvent[]): Collected {
  let start: StartEvent = { type: "start" };
  let usage: Usage | undefined;
  const choices = new Map<number, ChoiceCollector>();
  for (const event of events) {
    switch (event.type) {
      case "start":
        start = event;
        break;
      case "usage":
        usage = event.usage;
        break;
      case "error":
        return { kind: "error", error: event.error };
      default: {
        const choice = choices.get(event.choice) ?? new ChoiceCollector();
        choices.set(event.choice, choice);
        choice.add(event);
      }
    }
  }
  const collected: AnswerChoice[] = [];
  for (const [, choice] of [...choices].sort(([a], [b]) => a - b)) {
    const { finish } = choice;
    if (!finish) return { kind: "incomplete" };
    collected.push({ parts: choice.parts, finish });
  }
  if (collected.length === 0) return { kind: "incomplete" };
  const { type: _, ...head } = start;
  return { kind: "answer", answer: { ...head, choices: collected, ...(usage && { usage }) } };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type OpenPart = Mutable<AnswerText> | Mutable<ReasoningPart> | Mutable<RefusalPart>;
type ChoiceEvent = Extract<ChatEvent, { choice: number }>;

class ChoiceCollector {
  readonly parts: AnswerPart[] = [];
  finish: AnswerChoice["finish"] | undefined;
  readonly #calls = new Map<number, Mutable<ToolCallPart>>();
  /** What the next delta of its type goes on with. */
  #open: OpenPart | undefined;

  add(event: ChoiceEvent): void {
    switch (event.type) {
      case "text-delta": {
        const part = this.#text();
        part.text += event.text;
        if (event.logprobs) part.logprobs = [...(part.logprobs ?? []), ...event.logprobs];
        break;
      }
      case "refusal-delta":
        this.#refusal().text += event.text;
        break;
      case "reasoning-delta":
        this.#reasoning().text += event.text;
        break;
      case "signature": {
        const open = this.#open?.type === "text" ? this.#open : this.#reasoning();
        open.signature = event.signature;
        break;
      }
      case "citation":
        this.#cite(this.#text(), event.annotation, event.native);
        break;
      case "redacted-reasoning":
        this.#closed({ type: "redacted-reasoning", data: event.data });
        break;
      case "opaque":
        this.#closed({ type: "opaque", dialect: event.dialect, value: event.value });
        break;
      case "tool-call-start": {
        const { id, name, signature, more } = event;
        const call: Mutable<ToolCallPart> = { type: "tool-call", id, name, arguments: "" };
        if (signature) call.signature = signature;
        if (more) call.more = more;
        this.#calls.set(event.index, call);
        this.#closed(call);
        break;
      }
      case "tool-call-delta": {
        const call = this.#calls.get(event.index);
        if (call) call.arguments += event.arguments;
        break;
      }
      case "part-end":
        this.#open = undefined;
        break;
      case "finish": {
        const { reason, native, stopSequence } = event;
        this.finish = {
          reason,
          ...(native !== undefined && { native }),
          ...(stopSequence !== undefined && { stopSequence }),
        };
        for (const call of this.#calls.values()) call.arguments ||= "{}";
        break;
      }
    }
  }

  #text(): Mutable<AnswerText> {
    if (this.#open?.type === "text") return this.#open;
    return this.#opened<Mutable<AnswerText>>({ type: "text", text: "" });
  }

  #refusal(): Mutable<RefusalPart> {
    if (this.#open?.type === "refusal") return this.#open;
    return this.#opened<Mutable<RefusalPart>>({ type: "refusal", text: "" });
  }

  #reasoning(): Mutable<ReasoningPart> {
    if (this.#open?.type === "reasoning") return this.#open;
    return this.#opened<Mutable<ReasoningPart>>({ type: "reasoning", text: "" });
  }

  #opened<T extends OpenPart>(part: T): T {
    this.parts.push(part);
    this.#open = part;
    return part;
  }

  #closed(part: AnswerPart): void {
    this.parts.push(part);
    this.#open = undefined;
  }

  #cite(
    part: Mutable<AnswerText>,
    annotation: Annotation | undefined,
    native: { readonly dialect: Dialect; readonly value: unknown } | undefined,
  ): void {
    if (annotation) part.annotations = [...(part.annotations ?? []), annotation];
    if (!native) return;
    const { dialect, value } = native;
    part.citations = { dialect, list: [...(part.citations?.list ?? []), value] };
  }
}
