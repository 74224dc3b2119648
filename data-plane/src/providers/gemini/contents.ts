import { callInput } from "../../chat/call-input.ts";
import type {
  AssistantMessage,
  ChatMessage,
  Signature,
  TextPart,
  ToolCallPart,
  ToolMessage,
  UserMessage,
} from "../../chat/chat-request.ts";
import { type GeminiPart, mediaParts, opaqueParts } from "./media-part.ts";
import type { ModelFamily } from "./model-family.ts";
import { isMadeUp } from "./tool-call-id.ts";
import { type NamedCall, toolResult } from "./tool-result.ts";

export interface Contents {
  readonly contents: readonly Content[];
  readonly system: readonly GeminiPart[];
}

export interface Content {
  readonly role: "user" | "model";
  readonly parts: readonly GeminiPart[];
}

/**
 * The conversation as Gemini has it: system messages apart, two roles taking turns, and all
 * results of one answer's calls together.
 * @throws {Fault} unsupported_value for content that Gemini cannot be given.
 */
export function geminiContents(messages: readonly ChatMessage[], family: ModelFamily): Contents {
  const writer = new ContentsWriter(family);
  for (const message of messages) writer.add(message);
  return writer.finish();
}

class ContentsWriter {
  readonly #family: ModelFamily;
  readonly #contents: { role: "user" | "model"; parts: GeminiPart[] }[] = [];
  readonly #system: GeminiPart[] = [];
  readonly #calls = new Map<string, NamedCall>();
  #results: ToolMessage[] = [];
  #callsSoFar = 0;

  constructor(family: ModelFamily) {
    this.#family = family;
  }

  add(message: ChatMessage): void {
    if (message.role === "tool") {
      this.#results.push(message);
      return;
    }
    this.#flushResults();
    if (message.role === "assistant") this.#write("model", this.#assistantParts(message));
    else if (message.role === "user") this.#write("user", this.#userParts(message));
    else for (const part of message.content) this.#addSystem(part);
  }

  finish(): Contents {
    this.#flushResults();
    const contents: Content[] = this.#contents;
    if (contents.length > 0) return { contents, system: this.#system };
    // There has to be something to answer.
    const parts = this.#system.length > 0 ? this.#system : [{ text: "" }];
    return { contents: [{ role: "user", parts }], system: [] };
  }

  #write(role: "user" | "model", parts: readonly GeminiPart[]): void {
    if (parts.length === 0) return;
    const last = this.#contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else this.#contents.push({ role, parts: [...parts] });
  }

  #addSystem({ text }: TextPart): void {
    if (text === "") return;
    // Gemma has no system instruction; it reads it as the user's.
    if (this.#family.gemma) this.#write("user", [{ text }]);
    else this.#system.push({ text });
  }

  #userParts(message: UserMessage): readonly GeminiPart[] {
    return message.content.flatMap((part): readonly GeminiPart[] => {
      if (part.type === "opaque") return opaqueParts(part);
      if (part.type === "text") return part.text === "" ? [] : [{ text: part.text }];
      return mediaParts(part);
    });
  }

  #flushResults(): void {
    if (this.#results.length === 0) return;
    const mediaInside = this.#family.generation >= 3;
    const results = this.#results
      .map((message) => toolResult(message, this.#calls.get(message.callId), mediaInside))
      .sort((a, b) => a.ordinal - b.ordinal);
    this.#results = [];
    this.#write("user", [
      ...results.map(({ response }) => response),
      ...results.flatMap(({ beside }) => beside),
    ]);
  }

  #assistantParts({ content }: AssistantMessage): readonly GeminiPart[] {
    const fromGemini = content.some((part) => "signature" in part && geminiValue(part.signature));
    const parts: GeminiPart[] = [];
    let calls = 0;
    for (const [at, part] of content.entries()) {
      const signature = "signature" in part ? geminiValue(part.signature) : undefined;
      const signed = signature !== undefined && { thoughtSignature: signature };
      switch (part.type) {
        case "text":
          if (part.text !== "" || signed) parts.push({ text: part.text, ...signed });
          break;
        case "refusal":
          if (part.text !== "") parts.push({ text: part.text });
          break;
        case "reasoning": {
          // Thoughts of others mean nothing to it; its own it knows by the signature.
          if (signature === undefined || isCallUnsigned(content[at + 1])) break;
          parts.push({ text: part.text, ...(part.text !== "" && { thought: true }), ...signed });
          break;
        }
        case "redacted-reasoning":
          break;
        case "opaque":
          parts.push(...opaqueParts(part));
          break;
        case "tool-call": {
          const before = content[at - 1];
          const own =
            signature ?? (before?.type === "reasoning" ? geminiValue(before.signature) : undefined);
          parts.push(this.#call(part, { own, first: calls++ === 0, fromGemini }));
        }
      }
    }
    return parts;
  }

  #call(
    part: ToolCallPart,
    { own, first, fromGemini }: { own: string | undefined; first: boolean; fromGemini: boolean },
  ): GeminiPart {
    const id = fromGemini && !isMadeUp(part.id) ? part.id : undefined;
    const ordinal = this.#callsSoFar++;
    this.#calls.set(part.id, { name: part.name, ordinal, ...(id !== undefined && { id }) });
    const wanted = first && this.#family.generation >= 3 ? unsigned : undefined;
    const thoughtSignature = own ?? wanted;
    return {
      functionCall: {
        ...(id !== undefined && { id }),
        name: part.name,
        args: callInput(part.arguments),
      },
      ...(thoughtSignature !== undefined && { thoughtSignature }),
    };
  }
}

/**
 * Gemini 3 refuses a history whose calls lack its signature. Those that another model made, or that
 * a client could not keep, say so: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
const unsigned = "skip_thought_signature_validator";

function geminiValue(signature: Signature | undefined): string | undefined {
  return signature?.vendor === "gemini" ? signature.value : undefined;
}

/** Dialects without a place for a call's signature keep it in the thought before. */
function isCallUnsigned(part: AssistantMessage["content"][number] | undefined): boolean {
  return part?.type === "tool-call" && geminiValue(part.signature) === undefined;
}
