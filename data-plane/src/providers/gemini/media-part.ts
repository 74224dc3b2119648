import { Fault, isRecord } from "@headgate/core";
import type {
  AudioPart,
  FilePart,
  ImagePart,
  MediaSource,
  OpaquePart,
} from "../../chat/chat-request.ts";

/** A part of a Gemini content: https://ai.google.dev/api/caching#Part */
export type GeminiPart = Record<string, unknown>;

/** An image, a sound or a file as Gemini takes it. */
export function mediaParts(part: ImagePart | AudioPart | FilePart): readonly GeminiPart[] {
  if (part.type === "audio") return [inlineData(part.mediaType, part.data)];
  const context = part.type === "file" && part.context ? [{ text: part.context }] : [];
  return [...context, sourcePart(part.source, part.type === "image" ? "image/jpeg" : undefined)];
}

/** Whether Google itself reads what is at this URL; anything else is fetched and sent along. */
export function googleReads(url: string): boolean {
  return googleUrls.some((known) => known.test(url));
}

const googleUrls = [
  /^gs:\/\/./,
  /^https:\/\/generativelanguage\.googleapis\.com\/(?:[\w.-]+\/)?files\/[\w-]+$/,
  /^https:\/\/(?:(?:www|m)\.)?youtube\.com\/(?:watch\?|shorts\/|live\/|embed\/)/,
  /^https:\/\/youtu\.be\/[\w-]+/,
];

function sourcePart(source: MediaSource, fallbackType: string | undefined): GeminiPart {
  switch (source.kind) {
    case "data":
      return inlineData(source.mediaType, source.data);
    case "text":
      return { text: source.text };
    case "url":
      return fileData(source.url, source.mediaType ?? typeOf(source.url) ?? fallbackType);
    case "id":
      return fileData(fileUri(source.id), undefined);
  }
}

function inlineData(mimeType: string, data: string): GeminiPart {
  return { inlineData: { mimeType, data } };
}

function fileData(uri: string, mimeType: string | undefined): GeminiPart {
  return { fileData: { fileUri: uri, ...(mimeType !== undefined && { mimeType }) } };
}

function fileUri(id: string): string {
  if (googleReads(id)) return id;
  if (/^files\/[\w-]+$/.test(id)) return `https://generativelanguage.googleapis.com/v1beta/${id}`;
  throw new Fault(
    "unsupported_value",
    `The file "${id}" is not stored at Google; send it along, or name a file of Google's (files/..., gs://...).`,
    { param: "messages" },
  );
}

/** Vertex wants to be told the type of what it reads itself. */
function typeOf(url: string): string | undefined {
  if (/youtu\.?be/.test(url)) return "video/mp4";
  const extension = /\.(\w+)(?:[?#].*)?$/.exec(url)?.[1]?.toLowerCase();
  return extension === undefined ? undefined : types.get(extension);
}

const types = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["heic", "image/heic"],
  ["heif", "image/heif"],
  ["pdf", "application/pdf"],
  ["txt", "text/plain"],
  ["md", "text/md"],
  ["html", "text/html"],
  ["csv", "text/csv"],
  ["mp3", "audio/mp3"],
  ["wav", "audio/wav"],
  ["flac", "audio/flac"],
  ["ogg", "audio/ogg"],
  ["m4a", "audio/m4a"],
  ["mp4", "video/mp4"],
  ["mpeg", "video/mpeg"],
  ["mov", "video/mov"],
  ["webm", "video/webm"],
]);

/** What only Gemini knows, as it was written. */
export function opaqueParts({ value }: OpaquePart): readonly GeminiPart[] {
  return isRecord(value) && Object.keys(value).length > 0 ? [value] : [];
}
