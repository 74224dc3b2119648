import { isRecord } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import { readExtraContent } from "../../dialects/openai-chat/extra-content.ts";

type Json = Readonly<Record<string, unknown>>;

interface OpenCall {
  readonly index: number;
  readonly id: string | undefined;
  /** Its start was told. Before that, the name has not come. */
  started: boolean;
  /** Arguments that came before the name. */
  held: string;
}

/**
 * Joins the deltas of a choice's tool calls. Servers differ: whole calls in one delta, an id or a
 * name repeated in each delta, no index, the same index for all calls of a turn, no id.
 */
export class ToolCallReader {
  readonly #choice: number;
  readonly #answerId: () => string;
  readonly #calls: OpenCall[] = [];
  readonly #byIndex = new Map<number, OpenCall>();
  #custom = 0;
  #legacy = false;

  constructor(choice: number, answerId: () => string) {
    this.#choice = choice;
    this.#answerId = answerId;
  }

  get count(): number {
    return this.#calls.length + this.#custom;
  }

  /** @param whole the message is: each entry is a call of its own. */
  read(message: Json, whole: boolean): readonly ChatEvent[] {
    const { tool_calls, function_call } = message;
    const list: readonly unknown[] = Array.isArray(tool_calls) ? tool_calls : [];
    const events = list.filter(isRecord).flatMap((call) => this.#readCall(call, whole));
    // Before there were tools: one call, without index or id.
    if (!isRecord(function_call)) return events;
    this.#legacy ||= isFilled(function_call["name"]);
    if (!this.#legacy) return events;
    return [...events, ...this.#readCall({ index: -1, function: function_call }, whole)];
  }

  /** The answer ended: a call whose name never came is told all the same. */
  end(): readonly ChatEvent[] {
    return this.#calls
      .filter(({ started }) => !started)
      .flatMap((call) => this.#start(call, "", {}));
  }

  #readCall(delta: Json, whole: boolean): readonly ChatEvent[] {
    if (delta["type"] === "custom") {
      this.#custom += 1;
      return [{ type: "opaque", choice: this.#choice, dialect: "openai", value: delta }];
    }
    const called = isRecord(delta["function"]) ? delta["function"] : {};
    const name = isFilled(called["name"]) ? called["name"] : undefined;
    const call = whole ? this.#add(idOf(delta)) : this.#find(delta, name !== undefined);
    const text = argumentsOf(called["arguments"]);
    if (call.started) return this.#arguments(call, text);
    call.held += text;
    return name === undefined ? [] : this.#start(call, name, delta);
  }

  #find(delta: Json, starts: boolean): OpenCall {
    const id = idOf(delta);
    const { index } = delta;
    if (typeof index !== "number") return this.#findWithoutIndex(id, starts);
    const known = this.#byIndex.get(index);
    const isOther = known?.id !== undefined && id !== undefined && id !== known.id && starts;
    if (known && !isOther) return known;
    const call = this.#add(id);
    this.#byIndex.set(index, call);
    return call;
  }

  #findWithoutIndex(id: string | undefined, starts: boolean): OpenCall {
    const same = id === undefined ? undefined : this.#calls.find((call) => call.id === id);
    if (same) return same;
    const last = this.#calls.at(-1);
    return last === undefined || starts ? this.#add(id) : last;
  }

  /** Ids must be there, and differ. */
  #add(id: string | undefined): OpenCall {
    const index = this.#calls.length;
    const call: OpenCall = { index, id, started: false, held: "" };
    this.#calls.push(call);
    return call;
  }

  #start(call: OpenCall, name: string, delta: Json): readonly ChatEvent[] {
    call.started = true;
    const start: ChatEvent = {
      type: "tool-call-start",
      choice: this.#choice,
      index: call.index,
      id: this.#idFor(call),
      name,
      ...readExtraContent(delta),
    };
    return [start, ...this.#arguments(call, call.held)];
  }

  #idFor({ id, index }: OpenCall): string {
    const taken = this.#calls.slice(0, index).some((other) => other.id === id);
    if (id !== undefined && !taken) return id;
    return `call_${this.#answerId()}_${this.#choice}_${index}`;
  }

  #arguments({ index }: OpenCall, text: string): readonly ChatEvent[] {
    if (text === "") return [];
    return [{ type: "tool-call-delta", choice: this.#choice, index, arguments: text }];
  }
}

function idOf({ id }: Json): string | undefined {
  if (typeof id === "number") return String(id);
  return isFilled(id) ? id : undefined;
}

/** Some servers give the object itself. */
function argumentsOf(value: unknown): string {
  if (typeof value === "string") return value;
  return isRecord(value) || Array.isArray(value) ? JSON.stringify(value) : "";
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
