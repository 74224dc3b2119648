import { isRecord, jsonText } from "@headgate/core";
import type { ChatEvent, FinishReason } from "../../chat/chat-event.ts";
import { type Citation, citationsOf } from "./citations.ts";
import { finishReason } from "./finish-reason.ts";
import { openAiLogprobs } from "./logprobs.ts";
import { madeUpCallId } from "./tool-call-id.ts";

/** What the calls of an answer are named by, where Gemini gives them no id. */
export interface CallIdSource {
  /** The answer's id, if it has one. */
  readonly answerId: string | undefined;
  /** Messages of the conversation so far. */
  readonly turn: number;
}

export type Finish =
  | { readonly kind: "finish"; readonly reason: FinishReason; readonly native: string }
  | { readonly kind: "error"; readonly message: string };

/**
 * Reads one candidate of an answer, chunk by chunk. Its finish is held back until all was read:
 * older models name a reason in every chunk, and calls may come apart from it.
 */
export class CandidateReader {
  readonly #choice: number;
  /** Where citations count from. */
  #text = "";
  readonly #cited = new Set<string>();
  #calls = 0;
  /** Calls that Google answered itself, within the answer. */
  #answered = 0;
  /** The kind of part that the next delta would go on with. */
  #open: "text" | "reasoning" | undefined;
  /** It is signed: what follows is another part, even if of the same kind. */
  #signed = false;
  #something = false;
  #blocked = false;
  #native: string | undefined;
  #message: string | undefined;

  constructor(choice: number) {
    this.#choice = choice;
  }

  get finished(): boolean {
    return this.#native !== undefined;
  }

  read(candidate: Readonly<Record<string, unknown>>, ids: CallIdSource): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    const logprobs = openAiLogprobs(candidate["logprobsResult"]);
    const parts = partsOf(candidate["content"]);
    const textAt = logprobs ? parts.findIndex(isText) : -1;
    for (const [at, part] of parts.entries()) {
      events.push(...this.#part(part, ids, at === textAt ? logprobs : undefined));
    }
    if (logprobs && textAt < 0) events.push(...this.#delta("text", "", logprobs));
    events.push(...this.#citations(candidate));
    const { finishReason: native, finishMessage: message } = candidate;
    if (typeof native === "string" || typeof native === "number") this.#native = String(native);
    if (typeof message === "string") this.#message = message;
    return events;
  }

  /** The prompt, or what was said of the answer, was blocked: whatever the word for why. */
  block(native: string): void {
    this.#native = native;
    this.#blocked = true;
  }

  finish(): Finish | undefined {
    const native = this.#native;
    if (native === undefined) return undefined;
    if (this.#blocked) return { kind: "finish", reason: "content_filter", native };
    const reason = finishReason(native, this.#calls > this.#answered);
    const failed = reason === "error" || (native === "OTHER" && !this.#something);
    if (!failed) return { kind: "finish", reason, native };
    return { kind: "error", message: this.#message ?? `The answer ended with ${native}.` };
  }

  #part(
    part: Readonly<Record<string, unknown>>,
    ids: CallIdSource,
    logprobs: readonly unknown[] | undefined,
  ): readonly ChatEvent[] {
    const { text, functionCall: call, thoughtSignature: signature } = part;
    if (isRecord(call) && typeof call["name"] === "string") return this.#call(call, signature, ids);
    if (typeof text === "string") {
      const kind = part["thought"] === true ? "reasoning" : "text";
      return [...this.#delta(kind, text, logprobs), ...this.#sign(signature)];
    }
    if (Object.keys(part).some((name) => opaqueMembers.has(name))) return this.#opaque(part);
    return this.#sign(signature);
  }

  #delta(
    kind: "text" | "reasoning",
    text: string,
    logprobs: readonly unknown[] | undefined,
  ): readonly ChatEvent[] {
    const choice = this.#choice;
    if (text === "" && !logprobs) return [];
    const ended: readonly ChatEvent[] =
      this.#signed && this.#open === kind ? [{ type: "part-end", choice }] : [];
    this.#open = kind;
    this.#signed = false;
    this.#something = true;
    if (kind === "reasoning") return [...ended, { type: "reasoning-delta", choice, text }];
    this.#text += text;
    return [...ended, { type: "text-delta", choice, text, ...(logprobs && { logprobs }) }];
  }

  #sign(value: unknown): readonly ChatEvent[] {
    if (typeof value !== "string" || value === "") return [];
    const choice = this.#choice;
    // A second signature is of a part of its own.
    const ended: readonly ChatEvent[] = this.#signed ? [{ type: "part-end", choice }] : [];
    this.#signed = true;
    if (this.#open === undefined || ended.length > 0) this.#open = "reasoning";
    return [...ended, { type: "signature", choice, signature: { vendor: "gemini", value } }];
  }

  #call(
    call: Readonly<Record<string, unknown>>,
    signature: unknown,
    { answerId, turn }: CallIdSource,
  ): readonly ChatEvent[] {
    const { id, name, args } = call;
    const choice = this.#choice;
    const index = this.#calls++;
    this.#close();
    return [
      {
        type: "tool-call-start",
        choice,
        index,
        id:
          typeof id === "string" && id !== ""
            ? id
            : madeUpCallId(answerId, { turn, choice, index }),
        name: jsonText(name),
        ...(typeof signature === "string" &&
          signature !== "" && { signature: { vendor: "gemini", value: signature } }),
      },
      {
        type: "tool-call-delta",
        choice,
        index,
        arguments: JSON.stringify(isRecord(args) ? args : {}),
      },
    ];
  }

  #opaque(value: Readonly<Record<string, unknown>>): readonly ChatEvent[] {
    if (value["functionResponse"] !== undefined) this.#answered++;
    this.#close();
    return [{ type: "opaque", choice: this.#choice, dialect: "gemini", value }];
  }

  #close(): void {
    this.#open = undefined;
    this.#signed = false;
    this.#something = true;
  }

  /** Chunks of a stream may repeat what earlier ones cited. */
  #citations(candidate: Readonly<Record<string, unknown>>): readonly ChatEvent[] {
    // Sources of a text that is not there would make an empty one.
    if (this.#open !== "text") return [];
    return citationsOf(candidate, this.#text)
      .filter((citation) => this.#isNew(citation))
      .map((citation) => ({ type: "citation", choice: this.#choice, ...citation }));
  }

  #isNew({ native }: Citation): boolean {
    const key = JSON.stringify(native?.value);
    if (this.#cited.has(key) || this.#cited.size >= citationsMax) return false;
    this.#cited.add(key);
    return true;
  }
}

/** Of one candidate. */
const citationsMax = 10_000;

/** Parts that say something, if only to clients that know Gemini. */
const opaqueMembers = new Set([
  "inlineData",
  "fileData",
  "executableCode",
  "codeExecutionResult",
  "functionResponse",
  "functionCall",
  "toolCall",
  "toolResponse",
  "audioTranscription",
]);

function partsOf(content: unknown): readonly Readonly<Record<string, unknown>>[] {
  const parts = isRecord(content) ? content["parts"] : undefined;
  return Array.isArray(parts) ? parts.filter(isRecord) : [];
}

function isText({ text, thought }: Readonly<Record<string, unknown>>): boolean {
  return typeof text === "string" && thought !== true;
}
