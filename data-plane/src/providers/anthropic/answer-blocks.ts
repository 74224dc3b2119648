import { isRecord, parseJson } from "@headgate/core";
import type { Annotation, ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest, NativeMembers } from "../../chat/chat-request.ts";
import { isJsonTool } from "./json-tool.ts";

type Json = Readonly<Record<string, unknown>>;

/** A block under way. */
interface OpenBlock {
  readonly kind: "text" | "thinking" | "call" | "json" | "opaque";
  /** Its start, and what deltas of another kind added to it. */
  value: Json;
  /** Ordinal of the call. */
  readonly call: number;
  /** Of a call's or server tool's input: the JSON text so far. */
  input: string;
  readonly textStart: number;
  readonly links: { readonly url: string; readonly title: string; readonly native: Json }[];
}

/**
 * Turns content blocks into events: of a stream as they grow, of a plain answer with everything in
 * their start. Calls are counted by themselves, whatever blocks stand between them.
 */
export class AnswerBlocks {
  readonly #request: ChatRequest;
  readonly #open = new Map<number, OpenBlock>();
  #calls = 0;
  #jsonAnswer = false;
  /** Length of all text so far, in UTF-16 units: citations are told by it. */
  #textLength = 0;

  constructor(request: ChatRequest) {
    this.#request = request;
  }

  /** The only call was the answer itself, in the format that was asked for. */
  get onlyJsonAnswer(): boolean {
    return this.#jsonAnswer && this.#calls === 0;
  }

  start(index: number, value: Json): readonly ChatEvent[] {
    const kind = this.#kindOf(value);
    const block: OpenBlock = {
      kind,
      value,
      call: this.#calls,
      input: "",
      textStart: this.#textLength,
      links: [],
    };
    this.#open.set(index, block);
    switch (kind) {
      case "text":
        return [
          ...this.#citations(block, value["citations"]),
          ...this.#text(textOf(value["text"])),
        ];
      case "thinking":
        return [...thought(textOf(value["thinking"])), ...signed(textOf(value["signature"]))];
      case "call":
        this.#calls += 1;
        return [callStart(value, block.call), ...this.#input(block, wholeInput(value["input"]))];
      case "json":
        this.#jsonAnswer = true;
        return this.#input(block, wholeInput(value["input"]));
      case "opaque":
        return [];
    }
  }

  delta(index: number, delta: Json): readonly ChatEvent[] {
    const block = this.#open.get(index);
    switch (delta["type"]) {
      case "text_delta":
        return this.#text(textOf(delta["text"]));
      case "thinking_delta":
        return thought(textOf(delta["thinking"]));
      case "signature_delta":
        return signed(textOf(delta["signature"]));
      case "citations_delta":
        return block ? this.#citations(block, [delta["citation"]]) : [];
      case "input_json_delta":
        return block ? this.#input(block, textOf(delta["partial_json"])) : [];
      default:
        if (block) block.value = withoutType(block.value, delta);
        return [];
    }
  }

  stop(index: number): readonly ChatEvent[] {
    const block = this.#open.get(index);
    this.#open.delete(index);
    switch (block?.kind) {
      case undefined:
        return [];
      case "opaque":
        return opaque(block);
      case "call":
        return [...(block.input === "" ? this.#input(block, "{}") : []), end];
      case "text":
        return [...this.#linked(block), end];
      default:
        return [end];
    }
  }

  #kindOf({ type, name }: Json): OpenBlock["kind"] {
    switch (type) {
      case "text":
      case "thinking":
        return type;
      case "tool_use":
        return isJsonTool(textOf(name), this.#request) ? "json" : "call";
      default:
        return "opaque";
    }
  }

  #text(text: string): readonly ChatEvent[] {
    if (text === "") return [];
    this.#textLength += text.length;
    return [{ type: "text-delta", choice: 0, text }];
  }

  #input(block: OpenBlock, text: string): readonly ChatEvent[] {
    if (text === "") return [];
    block.input += text;
    if (block.kind === "json") return this.#text(text);
    if (block.kind !== "call") return [];
    return [{ type: "tool-call-delta", choice: 0, index: block.call, arguments: text }];
  }

  /** Links wait for the end of their text, which comes after them. */
  #citations(block: OpenBlock, list: unknown): readonly ChatEvent[] {
    if (!Array.isArray(list)) return [];
    return list.flatMap((citation): readonly ChatEvent[] => {
      if (!isRecord(citation)) return [];
      const url = textOf(citation["url"]) || textOf(citation["source"]);
      if (/^https?:/i.test(url)) {
        block.links.push({ url, title: textOf(citation["title"]), native: citation });
        return [];
      }
      return [{ type: "citation", choice: 0, native: { dialect: "anthropic", value: citation } }];
    });
  }

  #linked({ links, textStart }: OpenBlock): readonly ChatEvent[] {
    return links.map(({ url, title, native }) => {
      const range = { start_index: textStart, end_index: this.#textLength };
      const annotation: Annotation = {
        type: "url_citation",
        url_citation: { url, title, ...range },
      };
      return {
        type: "citation",
        choice: 0,
        annotation,
        native: { dialect: "anthropic", value: native },
      };
    });
  }
}

const end: ChatEvent = { type: "part-end", choice: 0 };

function thought(text: string): readonly ChatEvent[] {
  return text === "" ? [] : [{ type: "reasoning-delta", choice: 0, text }];
}

function signed(value: string): readonly ChatEvent[] {
  if (value === "") return [];
  return [{ type: "signature", choice: 0, signature: { vendor: "anthropic", value } }];
}

function callStart(value: Json, index: number): ChatEvent {
  const { type: _, id, name, input: __, ...members } = value;
  const more: NativeMembers = { dialect: "anthropic", members };
  return {
    type: "tool-call-start",
    choice: 0,
    index,
    id: textOf(id),
    name: textOf(name),
    ...(Object.keys(members).length > 0 && { more }),
  };
}

/** A stream's start has `{}`, for which deltas will stand. */
function wholeInput(input: unknown): string {
  return isRecord(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "";
}

/** A server's tool, its result, or what we do not know: as it was written. */
function opaque({ value, input }: OpenBlock): readonly ChatEvent[] {
  if (value["type"] === "redacted_thinking") {
    const data = { vendor: "anthropic", value: textOf(value["data"]) } as const;
    return [{ type: "redacted-reasoning", choice: 0, data }];
  }
  const parsed = input === "" ? undefined : parseJson(input);
  const whole = parsed === undefined ? value : { ...value, input: parsed };
  return [{ type: "opaque", choice: 0, dialect: "anthropic", value: whole }];
}

/** Deltas of kinds to come bring whole members (`compaction_delta`: content). */
function withoutType(value: Json, { type: _, ...members }: Json): Json {
  return { ...value, ...members };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
