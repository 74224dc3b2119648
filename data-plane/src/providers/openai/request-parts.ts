import { Fault } from "@headgate/core";
import type {
  AudioPart,
  FilePart,
  ImagePart,
  TextPart,
  UserPart,
} from "../../chat/chat-request.ts";

export function isText(part: { readonly type: string }): part is TextPart {
  return part.type === "text";
}

/** One text as a string, which every server takes; all else as a list of parts. */
export function writeContent(parts: readonly UserPart[]): unknown {
  const [first] = parts;
  if (first === undefined) return "";
  if (parts.length === 1 && first.type === "text") return first.text;
  return parts.flatMap(writePart);
}

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages */
function writePart(part: UserPart): readonly unknown[] {
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text }];
    case "image":
      return [writeImage(part)];
    case "audio":
      return [writeAudio(part)];
    case "file":
      return writeFile(part);
    case "opaque":
      return part.dialect === "openai" ? [part.value] : [];
  }
}

function writeImage({ source, detail }: ImagePart): object {
  if (source.kind === "id" || source.kind === "text") {
    throw unsupported("An image must be data, or an address: chat completions take no file ids.");
  }
  const url = source.kind === "url" ? source.url : dataUrl(source.mediaType, source.data);
  return { type: "image_url", image_url: { url, ...(detail && { detail }) } };
}

function writeAudio({ mediaType, data }: AudioPart): object {
  return { type: "input_audio", input_audio: { data, format: audioFormat(mediaType) } };
}

function audioFormat(mediaType: string): string {
  const [, subtype = ""] = mediaType.toLowerCase().split(/[/;]/);
  return formats.get(subtype) ?? subtype;
}

const formats: ReadonlyMap<string, string> = new Map([
  ["mpeg", "mp3"],
  ["x-wav", "wav"],
  ["wave", "wav"],
]);

/** Texts are told as text, which all models read, and images as such; the rest goes as a file. */
function writeFile({ source, filename, context }: FilePart): readonly unknown[] {
  const told = context === undefined ? [] : [{ type: "text", text: context }];
  switch (source.kind) {
    case "text":
      return [...told, inlined(source.text, filename)];
    case "id":
      return [...told, { type: "file", file: { file_id: source.id } }];
    case "url":
      throw unsupported("A file must be data: chat completions fetch no files.");
    case "data": {
      const { mediaType, data } = source;
      if (mediaType.startsWith("image/")) return [...told, writeImage({ type: "image", source })];
      if (mediaType.startsWith("text/")) {
        return [...told, inlined(Buffer.from(data, "base64").toString("utf8"), filename)];
      }
      const file = {
        filename: filename ?? nameFor(mediaType),
        file_data: dataUrl(mediaType, data),
      };
      return [...told, { type: "file", file }];
    }
  }
}

function inlined(text: string, filename: string | undefined): object {
  return { type: "text", text: filename === undefined ? text : `${filename}:\n\n${text}` };
}

/** The name is required. */
function nameFor(mediaType: string): string {
  return mediaType === "application/pdf" ? "document.pdf" : "document";
}

function dataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}

function unsupported(message: string): Fault {
  return new Fault("unsupported_value", message, { param: "messages" });
}
