import type { AnswerChoice, AnswerPart, AnswerText, ChatAnswer } from "../../chat/chat-answer.ts";
import type { RefusalPart, ToolCallPart } from "../../chat/chat-request.ts";
import type { WriteContext } from "../dialect.ts";
import type { Json } from "../members.ts";
import { customToolNames } from "./custom-tool.ts";
import type { ItemIds } from "./item-ids.ts";
import { opaqueItem } from "./opaque-item.ts";
import {
  annotationsOf,
  callItem,
  type ItemStatus,
  logprobsOf,
  messageItem,
  reasoningItem,
  refusalPart,
  textPart,
} from "./output-items.ts";
import { sealEnvelope } from "./reasoning-envelope.ts";
import { incompleteReason, responseHead, responseObject } from "./response-object.ts";

/** A whole answer as a response. It has one choice: the API knows no more. */
export function writeAnswer(answer: ChatAnswer, context: WriteContext): Json {
  const head = responseHead(answer, context);
  const [choice] = answer.choices;
  const incomplete = incompleteReason(choice?.finish.reason);
  const writer = new ItemWriter(head.ids, customToolNames(context.request));
  return responseObject(head, {
    status: incomplete === undefined ? "completed" : "incomplete",
    output: writer.items(choice, incomplete === undefined ? "completed" : "incomplete"),
    usage: answer.usage,
    incomplete,
  });
}

class ItemWriter {
  readonly #ids: ItemIds;
  readonly #custom: ReadonlySet<string>;
  /** Items made once it is known which is the last, and so the one that was cut off. */
  readonly #makers: ((status: ItemStatus) => Json)[] = [];
  /** Content of the message that texts are put into. */
  #message: Json[] | undefined;

  constructor(ids: ItemIds, custom: ReadonlySet<string>) {
    this.#ids = ids;
    this.#custom = custom;
  }

  items(choice: AnswerChoice | undefined, last: ItemStatus): readonly Json[] {
    for (const part of choice?.parts ?? []) this.#part(part);
    const end = this.#makers.length - 1;
    return this.#makers.map((make, index) => make(index === end ? last : "completed"));
  }

  #part(part: AnswerPart): void {
    switch (part.type) {
      case "text":
        return this.#text(part);
      case "refusal":
        return this.#refusal(part);
      case "reasoning": {
        const { text, signature } = part;
        if (text === "" && !signature) return;
        const belongsTo = { kind: "reasoning" } as const;
        return this.#reasoning(text, signature && sealEnvelope({ belongsTo, signature }));
      }
      case "redacted-reasoning": {
        const belongsTo = { kind: "redacted" } as const;
        return this.#reasoning("", sealEnvelope({ belongsTo, signature: part.data }));
      }
      case "tool-call":
        return this.#call(part);
      case "opaque": {
        const item = opaqueItem(part);
        if (item) this.#add(() => item);
      }
    }
  }

  #text(part: AnswerText): void {
    const { text, signature, logprobs } = part;
    const annotations = annotationsOf(part);
    if (text === "" && !signature && annotations.length === 0) return;
    this.#content(textPart(text, annotations, logprobsOf(logprobs)));
    if (!signature) return;
    this.#reasoning("", sealEnvelope({ belongsTo: { kind: "text" }, signature }));
  }

  #refusal({ text }: RefusalPart): void {
    if (text !== "") this.#content(refusalPart(text));
  }

  #call({ id: callId, name, arguments: args, signature }: ToolCallPart): void {
    if (signature) {
      const belongsTo = { kind: "call", callId } as const;
      this.#reasoning("", sealEnvelope({ belongsTo, signature }));
    }
    const custom = this.#custom.has(name);
    const id = this.#ids.next(custom ? "ctc" : "fc");
    this.#add((status) => callItem({ id, callId, name, custom }, status, args || "{}"));
  }

  #content(part: Json): void {
    if (this.#message) {
      this.#message.push(part);
      return;
    }
    const id = this.#ids.next("msg");
    const content = [part];
    this.#add((status) => messageItem(id, status, content));
    this.#message = content;
  }

  #reasoning(text: string, sealed: string | undefined): void {
    const item = reasoningItem(this.#ids.next("rs"), text, sealed);
    this.#add(() => item);
  }

  #add(make: (status: ItemStatus) => Json): void {
    this.#message = undefined;
    this.#makers.push(make);
  }
}
