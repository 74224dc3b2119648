import { errorInEvent, isRecord } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import { ChoiceReader } from "./choice-reader.ts";
import { classifyErrorInSuccess } from "./classify-error.ts";
import { usageIn } from "./usage.ts";

type Json = Readonly<Record<string, unknown>>;

/** Reads the JSON of one answer, chunk by chunk; a whole answer is a chunk with messages. */
export class ChunkReader {
  readonly #member: "delta" | "message";
  readonly #choices = new Map<number, ChoiceReader>();
  #started = false;
  #id = "";
  #failed = false;

  /** @param member where choices have their part of the answer. */
  constructor(member: "delta" | "message") {
    this.#member = member;
  }

  /** Every choice that was begun has ended, or there was an error. */
  get complete(): boolean {
    if (this.#failed) return true;
    const choices = [...this.#choices.values()];
    return choices.length > 0 && choices.every(({ finished }) => finished);
  }

  get failed(): boolean {
    return this.#failed;
  }

  read(chunk: Json): readonly ChatEvent[] {
    if (this.#failed) return [];
    const events: ChatEvent[] = [];
    this.#readHead(chunk, events);
    const { choices } = chunk;
    const list: readonly unknown[] = Array.isArray(choices) ? choices : [];
    for (const [position, choice] of list.entries()) {
      if (isRecord(choice)) events.push(...this.#readChoice(choice, position));
    }
    const usage = usageIn(chunk);
    if (usage) events.push({ type: "usage", usage });
    const error = errorInEvent(chunk) ?? list.filter(isRecord).map(errorInEvent).find(isTold);
    if (error === undefined) return events;
    return [...events.filter(({ type }) => type !== "finish"), this.fail(error)];
  }

  /** The stream ended. @param whole it said that it is whole. */
  end(whole: boolean): readonly ChatEvent[] {
    if (this.#failed) return [];
    const choices = [...this.#choices.values()].filter(({ finished }) => whole || finished);
    return choices.flatMap((choice) => choice.finish());
  }

  fail(error: Json | string): ChatEvent {
    this.#failed = true;
    return { type: "error", error: classifyErrorInSuccess({ error }) };
  }

  /** Azure's first chunk has nothing but what its filter thinks of the prompt: empty names. */
  #readHead(chunk: Json, events: ChatEvent[]): void {
    if (this.#started) return;
    const { id, model, created, system_fingerprint, service_tier, choices } = chunk;
    const isEmpty = !Array.isArray(choices) || choices.length === 0;
    if (isEmpty && !isFilled(id)) return;
    this.#started = true;
    this.#id = isFilled(id) ? id : "";
    events.push({
      type: "start",
      ...(isFilled(id) && { id }),
      ...(isFilled(model) && { model }),
      ...(isSeconds(created) && { createdS: Math.trunc(created) }),
      ...(isFilled(system_fingerprint) && { systemFingerprint: system_fingerprint }),
      ...(isFilled(service_tier) && { serviceTier: service_tier }),
    });
  }

  #readChoice(choice: Json, position: number): readonly ChatEvent[] {
    const index = typeof choice["index"] === "number" ? choice["index"] : position;
    const reader = this.#choices.get(index) ?? new ChoiceReader(index, () => this.#id);
    this.#choices.set(index, reader);
    // Perplexity sends both: in streams the delta beside the message so far, else an empty delta.
    const other = this.#member === "delta" ? "message" : "delta";
    for (const member of [this.#member, other]) {
      const part = choice[member];
      if (isRecord(part)) return reader.read(choice, part, member === "message");
    }
    return reader.read(choice, { content: choice["text"] }, this.#member === "message");
  }
}

function isTold<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}
