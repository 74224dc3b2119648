import type { Usage } from "@headgate/core";
import type { ChatEvent, FinishReason, StartEvent } from "../../chat/chat-event.ts";
import type { Signature } from "../../chat/chat-request.ts";
import type { ErrorFields, StreamWriter, WriteContext } from "../dialect.ts";
import { customToolNames } from "./custom-tool.ts";
import { eventText } from "./event-text.ts";
import type { ItemIds } from "./item-ids.ts";
import { opaqueItem } from "./opaque-item.ts";
import { annotationOf } from "./output-items.ts";
import { type Envelope, sealEnvelope } from "./reasoning-envelope.ts";
import {
  incompleteReason,
  type ResponseHead,
  type ResponseState,
  responseHead,
  responseObject,
} from "./response-object.ts";
import { StreamedCall } from "./streamed-call.ts";
import type { Emit, StreamedItem } from "./streamed-item.ts";
import { StreamedMessage } from "./streamed-message.ts";
import { StreamedOpaque } from "./streamed-opaque.ts";
import { StreamedReasoning } from "./streamed-reasoning.ts";
import { errorEvent, failedError } from "./write-error.ts";

/**
 * Writes a stream of the Responses API: named, numbered events, and no `[DONE]`.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
export class ResponsesWriter implements StreamWriter {
  readonly #begin: (start: StartEvent) => ResponseHead;
  readonly #custom: ReadonlySet<string>;
  readonly #items: StreamedItem[] = [];
  /** By the index of the call. More than one may be under way. */
  readonly #calls = new Map<number, StreamedCall>();
  #head: ResponseHead | undefined;
  #text = "";
  #sequenceNumber = 0;
  /** The item that deltas of its kind go on with. */
  #open: StreamedMessage | StreamedReasoning | undefined;
  /** Vendor state of the text under way. */
  #textSignature: Signature | undefined;
  /** There was a text, but nothing in it. */
  #blankText = false;
  #finish: FinishReason | undefined;
  #usage: Usage | undefined;

  constructor(context: WriteContext) {
    this.#custom = customToolNames(context.request);
    this.#begin = (start) => responseHead(start, context);
  }

  write(events: readonly ChatEvent[]): string {
    for (const event of events) this.#event(event);
    return this.#taken();
  }

  end(): string {
    this.#started();
    const incomplete = incompleteReason(this.#finish);
    this.#closeAll();
    const status = incomplete === undefined ? "completed" : "incomplete";
    this.#response(`response.${status}`, { status, output: this.#output(), incomplete });
    return this.#taken();
  }

  fail(error: ErrorFields): string {
    this.#started();
    const output = this.#output();
    this.#response("response.failed", {
      status: "failed",
      output,
      error: { ...failedError(error) },
    });
    return this.#taken() + errorEvent(error, this.#sequenceNumber);
  }

  #event(event: ChatEvent): void {
    if (event.type === "start") return void this.#started(event);
    this.#started();
    if (event.type === "usage") this.#usage = event.usage;
    // One answer is all that the API has a place for.
    else if (event.type !== "error" && event.choice === 0) this.#choiceEvent(event);
  }

  #choiceEvent(event: Exclude<ChatEvent, { type: "start" | "usage" | "error" }>): void {
    const blank = this.#blankText;
    this.#blankText = false;
    switch (event.type) {
      case "text-delta":
        return this.#textDelta(event.text, event.logprobs);
      case "citation": {
        const { annotation, native } = event;
        if (native?.dialect === "responses") return this.#message().annotate(native.value);
        return annotation && this.#message().annotate(annotationOf(annotation));
      }
      case "refusal-delta":
        return event.text === "" ? undefined : this.#refusal(event.text);
      case "reasoning-delta":
        return event.text === "" ? undefined : this.#reasoning().text(event.text);
      case "signature":
        return this.#signature(event.signature, blank);
      case "redacted-reasoning":
        return this.#sealed({ belongsTo: { kind: "redacted" }, signature: event.data });
      case "opaque": {
        const item = opaqueItem(event);
        if (item)
          this.#add((index) => new StreamedOpaque(this.#emit, index, item)).close("completed");
        return;
      }
      case "tool-call-start":
        return this.#call(event);
      case "tool-call-delta":
        return this.#calls.get(event.index)?.delta(event.arguments);
      case "part-end":
        return this.#endPart();
      case "finish":
        this.#finish = event.reason;
        return this.#closeAll();
    }
  }

  #textDelta(text: string, logprobs: readonly unknown[] | undefined): void {
    const message = this.#open instanceof StreamedMessage ? this.#open : undefined;
    if (text === "" && !message?.inText) {
      this.#blankText = true;
      return;
    }
    this.#message().text(text, logprobs);
  }

  #refusal(text: string): void {
    this.#signText();
    const open = this.#open instanceof StreamedMessage ? this.#open : this.#newMessage();
    open.refusal(text);
  }

  /** The message that text goes into. */
  #message(): StreamedMessage {
    if (this.#open instanceof StreamedMessage) {
      if (this.#open.inText || !this.#textSignature) return this.#open;
    }
    return this.#newMessage();
  }

  #newMessage(): StreamedMessage {
    const message = this.#add(
      (index, ids) => new StreamedMessage(this.#emit, index, ids.next("msg")),
    );
    this.#open = message;
    return message;
  }

  #reasoning(): StreamedReasoning {
    if (this.#open instanceof StreamedReasoning && !this.#open.ended) return this.#open;
    const reasoning = this.#add(
      (index, ids) => new StreamedReasoning(this.#emit, index, ids.next("rs")),
    );
    this.#open = reasoning;
    return reasoning;
  }

  #signature(signature: Signature, blank: boolean): void {
    if (blank) this.#message().text("", undefined);
    if (this.#open instanceof StreamedMessage && this.#open.inText) {
      this.#textSignature = signature;
    } else {
      this.#reasoning().seal(sealEnvelope({ belongsTo: { kind: "reasoning" }, signature }));
    }
  }

  #call(event: Extract<ChatEvent, { type: "tool-call-start" }>): void {
    const { id: callId, name, index: ordinal, signature } = event;
    if (signature) this.#sealed({ belongsTo: { kind: "call", callId }, signature });
    const custom = this.#custom.has(name);
    const call = this.#add((index, ids) => {
      const id = ids.next(custom ? "ctc" : "fc");
      return new StreamedCall(this.#emit, index, { id, callId, name, custom });
    });
    this.#calls.set(ordinal, call);
  }

  /** An item that shows nothing, and holds state of the vendor. */
  #sealed(envelope: Envelope): void {
    const item = this.#add(
      (index, ids) => new StreamedReasoning(this.#emit, index, ids.next("rs")),
    );
    item.seal(sealEnvelope(envelope));
    item.close();
  }

  #endPart(): void {
    if (this.#open) this.#open.ended = true;
    const calls = [...this.#calls.values()].filter(({ closed }) => !closed);
    const [only] = calls;
    // Of several that are under way it can't be told which has ended.
    if (calls.length === 1 && only) only.ended = true;
  }

  /** A new item behind all others; what was under way before it is over, but for calls. */
  #add<T extends StreamedItem>(create: (index: number, ids: ItemIds) => T): T {
    this.#closeOpen("completed");
    for (const call of this.#calls.values()) if (call.ended) call.close("completed");
    const item = create(this.#items.length, this.#started().ids);
    this.#items.push(item);
    item.open();
    return item;
  }

  #closeOpen(status: "completed" | "incomplete"): void {
    const open = this.#open;
    this.#open = undefined;
    open?.close(status);
    this.#signText();
  }

  /** State of a text follows it, in an item of its own. */
  #signText(): void {
    const signature = this.#textSignature;
    if (!signature) return;
    this.#textSignature = undefined;
    this.#sealed({ belongsTo: { kind: "text" }, signature });
  }

  #closeAll(): void {
    const cut = incompleteReason(this.#finish) !== undefined && !this.#textSignature;
    const last = this.#items.at(-1);
    for (const item of this.#items) {
      if (!item.closed) item.close(cut && item === last ? "incomplete" : "completed");
    }
    this.#open = undefined;
    this.#signText();
  }

  #output(): ResponseState["output"] {
    return this.#items.map((item) => item.item());
  }

  #started(start: StartEvent = { type: "start" }): ResponseHead {
    if (this.#head) return this.#head;
    this.#head = this.#begin(start);
    const state = { status: "in_progress", output: [] } as const;
    this.#response("response.created", state);
    this.#response("response.in_progress", state);
    return this.#head;
  }

  #response(type: string, state: ResponseState): void {
    if (!this.#head) return;
    this.#emit({ type, response: responseObject(this.#head, { usage: this.#usage, ...state }) });
  }

  readonly #emit: Emit = (event) => {
    const number = this.#sequenceNumber++;
    this.#text += eventText({ ...event, sequence_number: number });
  };

  #taken(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}
