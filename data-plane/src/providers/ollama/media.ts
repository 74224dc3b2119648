import { Fault } from "@headgate/core";
import type { FilePart, ImagePart, MediaSource, UserPart } from "../../chat/chat-request.ts";
import { isTextType } from "../../media/text-type.ts";

/** Text and images of a message. */
export interface Content {
  readonly text: string;
  /** Base64. */
  readonly images: readonly string[];
}

/**
 * A message of Ollama's is one text with images beside it. Files of text become part of the text.
 * @throws {Fault} unsupported_value
 */
export function contentOf(parts: readonly UserPart[]): Content {
  const texts: string[] = [];
  const images: string[] = [];
  for (const part of parts) {
    switch (part.type) {
      case "text":
        texts.push(part.text);
        break;
      case "image":
        images.push(imageOf(part));
        break;
      case "file":
        if (isImage(part)) images.push(imageOf(part));
        else texts.push(fileText(part));
        break;
      case "audio":
        throw unsupported(`audio (${part.mediaType})`);
    }
  }
  return { text: texts.filter((text) => text !== "").join("\n"), images };
}

function isImage({ source }: FilePart): boolean {
  return source.kind === "data" && source.mediaType.startsWith("image/");
}

function imageOf({ source }: ImagePart | FilePart): string {
  if (source.kind === "data") return source.data;
  throw unsupported(`an image that is given as ${source.kind}`);
}

function fileText({ source, filename, context }: FilePart): string {
  const text = textOf(source);
  const head = [filename, context].filter((one) => one !== undefined && one !== "").join(": ");
  return head === "" ? text : `${head}\n${text}`;
}

function textOf(source: MediaSource): string {
  if (source.kind === "text") return source.text;
  if (source.kind !== "data") throw unsupported(`a file that is given as ${source.kind}`);
  if (isTextType(source.mediaType)) return Buffer.from(source.data, "base64").toString("utf8");
  throw unsupported(`a file of type ${source.mediaType}`);
}

function unsupported(what: string): Fault {
  return new Fault(
    "unsupported_value",
    `Ollama does not take ${what}: send text, an image as data, or a file of text.`,
    { param: "messages" },
  );
}
