import type { Usage } from "@headgate/core";
import type { ChatEvent, StartEvent } from "../../chat/chat-event.ts";
import type { Signature } from "../../chat/chat-request.ts";
import { anthropicStopReason } from "../../providers/anthropic/finish-reason.ts";
import type { ErrorFields, StreamWriter, WriteContext } from "../dialect.ts";
import { BlockQueue } from "./block-queue.ts";
import { carrySignature } from "./carried-signature.ts";
import type { Json } from "./checked.ts";
import { messageHead, serviceTier } from "./write-answer.ts";
import {
  callBlock,
  citationOf,
  redactedBlock,
  signatureBlock,
  thinkingBlock,
} from "./write-blocks.ts";
import { anthropicErrorBody } from "./write-error.ts";
import { anthropicUsage } from "./write-usage.ts";

/**
 * Writes a stream as Anthropic would: message_start and a ping, blocks one after the other,
 * message_delta with the usage, message_stop.
 * https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export class AnthropicStreamWriter implements StreamWriter {
  readonly #context: WriteContext;
  readonly #queue = new BlockQueue();
  #started = false;
  #start: StartEvent = { type: "start" };
  #usage: Usage | undefined;
  #finish: Extract<ChatEvent, { type: "finish" }> | undefined;
  /** Of the text block under way, which links are told by. */
  #text = "";

  constructor(context: WriteContext) {
    this.#context = context;
  }

  write(events: readonly ChatEvent[]): string {
    let text = "";
    for (const event of events) {
      if (event.type === "start") this.#start = event;
      else if (event.type === "usage") this.#usage = event.usage;
      else if (event.type !== "error" && event.choice === 0) {
        this.#add(event);
        text += this.#begin() + framed(this.#queue.take());
      }
    }
    return text;
  }

  end(): string {
    this.#queue.finish();
    const delta = {
      stop_reason: anthropicStopReason(this.#finish ?? { reason: "stop" }),
      stop_sequence: this.#finish?.stopSequence ?? null,
      stop_details: null,
    };
    const usage = anthropicUsage(this.#usage);
    return (
      this.#begin() +
      framed([
        ...this.#queue.take(),
        { type: "message_delta", delta, usage },
        { type: "message_stop" },
      ])
    );
  }

  fail(error: ErrorFields): string {
    return framed([anthropicErrorBody(error, this.#context.requestId)]);
  }

  /** Once, with the usage as far as it is known: some vendors tell it first, some last. */
  #begin(): string {
    if (this.#started) return "";
    this.#started = true;
    const message = {
      ...messageHead(this.#start, this.#context),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: { ...anthropicUsage(this.#usage), ...serviceTier(this.#start.serviceTier) },
    };
    return framed([{ type: "message_start", message }, { type: "ping" }]);
  }

  #add(event: Exclude<ChatEvent, { type: "start" | "usage" | "error" }>): void {
    const queue = this.#queue;
    switch (event.type) {
      case "text-delta":
      case "refusal-delta":
        if (queue.kind !== "text") this.#text = "";
        this.#text += event.text;
        if (event.text !== "")
          queue.grow("text", emptyText, { type: "text_delta", text: event.text });
        break;
      case "citation": {
        const citation =
          nativeCitation(event) ?? (event.annotation && citationOf(event.annotation, this.#text));
        if (citation) queue.grow("text", emptyText, { type: "citations_delta", citation });
        break;
      }
      case "reasoning-delta":
        if (event.text === "") break;
        queue.grow("thinking", emptyThinking, { type: "thinking_delta", thinking: event.text });
        break;
      case "signature":
        this.#sign(event.signature);
        break;
      case "redacted-reasoning":
        queue.whole(redactedBlock(event.data));
        break;
      case "tool-call-start":
        for (const block of signatureBlock(event.signature, "call")) queue.whole(block);
        queue.startCall(event.index, callBlock(event));
        break;
      case "tool-call-delta":
        queue.growCall(event.index, event.arguments);
        break;
      case "opaque":
        if (event.dialect === "anthropic" && isObject(event.value)) queue.whole({ ...event.value });
        break;
      case "part-end":
        queue.close();
        break;
      case "finish":
        this.#finish = event;
        queue.finish();
        break;
    }
  }

  /** Bound to the thought under way, to the text under way, or a thought of its own. */
  #sign(signature: Signature): void {
    const ofText = this.#queue.kind === "text" && signature.vendor !== "anthropic";
    if (ofText) {
      for (const block of signatureBlock(signature, "text")) this.#queue.whole(block);
      return;
    }
    const value = carrySignature({ signature, place: "thought" });
    this.#queue.grow("thinking", emptyThinking, { type: "signature_delta", signature: value });
  }
}

const emptyText: Json = { type: "text", text: "" };
const emptyThinking = thinkingBlock("");

function nativeCitation({ native }: Extract<ChatEvent, { type: "citation" }>): unknown {
  return native?.dialect === "anthropic" ? native.value : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function framed(events: readonly Json[]): string {
  return events
    .map((event) => `event: ${event["type"]}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}
