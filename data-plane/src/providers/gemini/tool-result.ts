import { Fault, isRecord, parseJson } from "@headgate/core";
import type { ToolMessage, UserPart } from "../../chat/chat-request.ts";
import { type GeminiPart, mediaParts, opaqueParts } from "./media-part.ts";

/** A call of the history, as its results need to name it. */
export interface NamedCall {
  readonly name: string;
  /** Position among all calls so far: results go back in this order. */
  readonly ordinal: number;
  /** Gemini's own id of the call; absent where it gave none. */
  readonly id?: string;
}

/** One tool result: the function's response, and the parts that can't be within it. */
export interface ToolResult {
  readonly ordinal: number;
  readonly response: GeminiPart;
  readonly beside: readonly GeminiPart[];
}

/**
 * @param mediaInside Gemini 3 takes images and files within the response; older models beside it.
 * @throws {Fault} unsupported_value: Gemini knows results by the name of their function.
 */
export function toolResult(
  message: ToolMessage,
  call: NamedCall | undefined,
  mediaInside: boolean,
): ToolResult {
  if (!call) {
    throw new Fault(
      "unsupported_value",
      `The tool result for "${message.callId}" follows no call with that id, so Gemini cannot be told which function it is of.`,
      { param: "messages" },
    );
  }
  const media = message.content.flatMap(mediaOf);
  const inside = mediaInside ? media.filter(fitsInside) : [];
  const response = responseOf(textOf(message.content), message.isError === true);
  const functionResponse = {
    ...(call.id !== undefined && { id: call.id }),
    name: call.name,
    response,
    ...(inside.length > 0 && { parts: inside }),
  };
  return {
    ordinal: call.ordinal,
    response: { functionResponse },
    beside: media.filter((part) => !inside.includes(part)),
  };
}

/** https://ai.google.dev/gemini-api/docs/function-calling#multimodal */
function fitsInside({ inlineData }: GeminiPart): boolean {
  if (!isRecord(inlineData)) return false;
  return /^(image\/|application\/pdf$|text\/plain$)/.test(String(inlineData["mimeType"]));
}

function textOf(content: readonly UserPart[]): string {
  const texts = content.flatMap((part) => {
    if (part.type === "text") return [part.text];
    return part.type === "file" && part.source.kind === "text" ? [part.source.text] : [];
  });
  return texts.join("\n");
}

function mediaOf(part: UserPart): readonly GeminiPart[] {
  if (part.type === "text") return [];
  if (part.type === "opaque") return opaqueParts(part);
  return part.type === "file" && part.source.kind === "text" ? [] : mediaParts(part);
}

/** A JSON object stands for itself; anything else is named as Google's API has it. */
function responseOf(text: string, isError: boolean): Readonly<Record<string, unknown>> {
  const value = jsonOrText(text);
  if (isError) return { error: value };
  return isRecord(value) ? value : { output: value };
}

/** JSON as a value, unless something of it would get lost or be refused: then it stays a text. */
function jsonOrText(text: string): unknown {
  // Numbers beyond 2^53 would be rounded; Gemini 3 refuses references even where they are data.
  if (/\d{16,}/.test(text) || /"\$(?:ref|defs)"/.test(text)) return text;
  const value = parseJson(text);
  return value === undefined ? text : value;
}
