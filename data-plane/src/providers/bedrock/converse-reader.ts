import { isRecord, recordOf } from "@headgate/core";
import type { Annotation, ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { answerTool } from "./answer-format.ts";
import type { Block } from "./block.ts";
import { finishReason } from "./finish-reason.ts";
import { HeldBlock } from "./held-block.ts";
import { usageFromConverse } from "./usage.ts";

/**
 * Reads the events of a streamed answer, in their order; a whole answer is read as the events that
 * would have made it (`answer.ts`), so that both say the same.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
export class ConverseReader {
  readonly #answerTool: string | undefined;
  readonly #blocks = new Map<unknown, OpenBlock>();
  #started = false;
  #calls = 0;
  /** Characters of the answer's text so far. */
  #length = 0;

  constructor(request: ChatRequest) {
    this.#answerTool = answerTool(request);
  }

  /** @param type the event's name; one that nobody knows says nothing. */
  read(type: string, payload: Block): readonly ChatEvent[] {
    const events = this.#eventsOf(type, payload);
    if (this.#started || events.length === 0) return events;
    this.#started = true;
    return [{ type: "start" }, ...events];
  }

  #eventsOf(type: string, payload: Block): readonly ChatEvent[] {
    const index = payload["contentBlockIndex"];
    switch (type) {
      case "messageStart":
        return this.#start();
      case "contentBlockStart":
        return this.#openBlock(index, recordOf(payload["start"]));
      case "contentBlockDelta":
        return this.#delta(index, recordOf(payload["delta"]));
      case "contentBlockStop":
        return this.#closeBlock(index);
      case "messageStop":
        return this.#stop(payload);
      case "metadata":
        return usage(payload["usage"]);
      default:
        return [];
    }
  }

  #start(): readonly ChatEvent[] {
    if (this.#started) return [];
    this.#started = true;
    return [{ type: "start" }];
  }

  #openBlock(index: unknown, start: Block): readonly ChatEvent[] {
    const { toolUse } = start;
    if (!isRecord(toolUse) || toolUse["type"] === "server_tool_use") {
      this.#blocks.set(index, { kind: "held", held: new HeldBlock(start) });
      return [];
    }
    const name = string(toolUse["name"]);
    if (name === this.#answerTool) {
      this.#blocks.set(index, { kind: "answer" });
      return [];
    }
    const ordinal = this.#calls++;
    this.#blocks.set(index, { kind: "call", ordinal });
    const id = string(toolUse["toolUseId"]) || `tooluse_${ordinal}`;
    return [{ type: "tool-call-start", choice: 0, index: ordinal, id, name }];
  }

  #delta(index: unknown, delta: Block): readonly ChatEvent[] {
    const block = this.#blocks.get(index) ?? this.#openText(index);
    if (block.kind === "held") return block.held.add(delta);
    const { text, toolUse, reasoningContent, citation } = delta;
    if (typeof text === "string") return this.#text(text);
    if (isRecord(toolUse)) return this.#input(block, string(toolUse["input"]));
    if (isRecord(reasoningContent)) return reasoning(reasoningContent);
    if (isRecord(citation)) return [this.#citation(block, citation)];
    return [];
  }

  /** Text and thoughts begin without an event of their own. */
  #openText(index: unknown): OpenBlock {
    const block: OpenBlock = { kind: "text", from: this.#length };
    this.#blocks.set(index, block);
    return block;
  }

  #text(text: string): readonly ChatEvent[] {
    this.#length += text.length;
    return text === "" ? [] : [{ type: "text-delta", choice: 0, text }];
  }

  #input(block: OpenBlock, input: string): readonly ChatEvent[] {
    if (block.kind === "answer") return this.#text(input);
    if (block.kind !== "call" || input === "") return [];
    return [{ type: "tool-call-delta", choice: 0, index: block.ordinal, arguments: input }];
  }

  /** OpenAI's annotations know the web only. */
  #citation(block: OpenBlock, citation: Block): ChatEvent {
    const { url } = recordOf(recordOf(citation["location"])["web"]);
    const annotation: Annotation | undefined =
      typeof url === "string"
        ? {
            type: "url_citation",
            url_citation: {
              url,
              title: string(citation["title"]),
              start_index: block.kind === "text" ? block.from : this.#length,
              end_index: this.#length,
            },
          }
        : undefined;
    const native = { dialect: "bedrock", value: citation } as const;
    return { type: "citation", choice: 0, ...(annotation && { annotation }), native };
  }

  #closeBlock(index: unknown): readonly ChatEvent[] {
    const block = this.#blocks.get(index);
    this.#blocks.delete(index);
    if (!block) return [];
    if (block.kind === "held") {
      return [{ type: "opaque", choice: 0, dialect: "bedrock", value: block.held.value() }];
    }
    return [{ type: "part-end", choice: 0 }];
  }

  #stop({ stopReason, additionalModelResponseFields: more }: Block): readonly ChatEvent[] {
    const native = string(stopReason);
    const reason = finishReason(native, this.#calls);
    if (!reason) return [malformed(native)];
    const { stop_sequence: met } = recordOf(more);
    const stopSequence = typeof met === "string" && met !== "" ? { stopSequence: met } : {};
    return [{ type: "finish", choice: 0, reason, ...(native && { native }), ...stopSequence }];
  }
}

type OpenBlock =
  /** Text or thoughts; `from`: the answer's characters before it. */
  | { readonly kind: "text"; readonly from: number }
  | { readonly kind: "call"; readonly ordinal: number }
  /** A call of the tool that stands for the answer: its input is the answer's text. */
  | { readonly kind: "answer" }
  /** Given on as a whole. */
  | { readonly kind: "held"; readonly held: HeldBlock };

/** Thoughts come signed from Claude alone; what it redacts is Anthropic's own data. */
function reasoning({ text, signature, redactedContent }: Block): readonly ChatEvent[] {
  const choice = 0;
  if (typeof redactedContent === "string") {
    const data = { vendor: "anthropic", value: redactedContent } as const;
    return [{ type: "redacted-reasoning", choice, data }];
  }
  const events: ChatEvent[] = [];
  if (typeof text === "string" && text !== "") {
    events.push({ type: "reasoning-delta", choice, text });
  }
  if (typeof signature === "string" && signature !== "") {
    events.push({
      type: "signature",
      choice,
      signature: { vendor: "anthropic", value: signature },
    });
  }
  return events;
}

function usage(value: unknown): readonly ChatEvent[] {
  const counted = usageFromConverse(value);
  return counted ? [{ type: "usage", usage: counted }] : [];
}

function malformed(native: string): ChatEvent {
  const message = `The model's answer can't be read (${native}).`;
  return { type: "error", error: { kind: "server_error", message, status: 500 } };
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}
