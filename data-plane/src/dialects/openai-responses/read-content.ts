import type {
  AssistantPart,
  AudioPart,
  CacheMark,
  FilePart,
  ImagePart,
  MediaSource,
  TextPart,
  UserPart,
} from "../../chat/chat-request.ts";
import {
  type Json,
  missing,
  notOneOf,
  optionalList,
  optionalRecord,
  optionalString,
  requiredRecord,
  requiredString,
  wrongType,
} from "../members.ts";

/** What a user, or a tool, says: text, images, files. */
export function readUserContent(value: unknown, param: string): readonly UserPart[] {
  return readContent(value, param, userPart);
}

/** What the assistant said, as it came or as the client wrote it. */
export function readAssistantContent(value: unknown, param: string): readonly AssistantPart[] {
  return readContent(value, param, assistantPart);
}

/** Of system and developer messages: nothing but text. */
export function readTextContent(value: unknown, param: string): readonly TextPart[] {
  return readContent(value, param, textPart);
}

function readContent<P>(
  value: unknown,
  param: string,
  readPart: (part: Json, type: string, param: string) => P,
): readonly (P | TextPart)[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  if (!Array.isArray(value)) throw wrongType(param, "a string or a list", value);
  return value.map((part, index) => {
    const at = `${param}[${index}]`;
    const members = requiredRecord(part, at);
    return readPart(members, requiredString(members["type"], `${at}.type`), at);
  });
}

function userPart(part: Json, type: string, param: string): UserPart {
  switch (type) {
    case "input_text":
    case "output_text":
    case "text":
      return textPart(part, type, param);
    case "input_image":
      return imagePart(part, param);
    case "input_file":
      return filePart(part, param);
    case "input_audio":
      return audioPart(part, param);
    default:
      throw notOneOf(type, ["input_text", "input_image", "input_file"], `${param}.type`);
  }
}

function assistantPart(part: Json, type: string, param: string): AssistantPart {
  if (type !== "refusal") return textPart(part, type, param);
  return { type, text: requiredString(part["refusal"], `${param}.refusal`) };
}

function textPart(part: Json, type: string, param: string): TextPart {
  if (type !== "input_text" && type !== "output_text" && type !== "text") {
    throw notOneOf(type, ["input_text", "output_text"], `${param}.type`);
  }
  const annotations = optionalList(part["annotations"], `${param}.annotations`);
  return {
    type: "text",
    text: requiredString(part["text"], `${param}.text`),
    ...cacheMark(part, param),
    ...(annotations.length > 0 && { citations: { dialect: "responses", list: annotations } }),
  };
}

function imagePart(part: Json, param: string): ImagePart {
  const detail = optionalString(part["detail"], `${param}.detail`);
  return {
    type: "image",
    source: mediaSource(part, param, { url: "image_url" }),
    ...(detail !== undefined && { detail: imageDetail(detail, param) }),
    ...cacheMark(part, param),
  };
}

function imageDetail(detail: string, param: string): "auto" | "low" | "high" {
  switch (detail) {
    case "auto":
    case "low":
    case "high":
      return detail;
    case "original":
      // The most that others know of.
      return "high";
    default:
      throw notOneOf(detail, ["auto", "low", "high", "original"], `${param}.detail`);
  }
}

function filePart(part: Json, param: string): FilePart {
  const filename = optionalString(part["filename"], `${param}.filename`);
  return {
    type: "file",
    source: mediaSource(part, param, { url: "file_url", data: "file_data" }),
    ...(filename !== undefined && { filename }),
    ...cacheMark(part, param),
  };
}

/** By URL, as a data URL (files: also bare base64), or as a file stored at OpenAI. */
function mediaSource(
  part: Json,
  param: string,
  names: { readonly url: string; readonly data?: string },
): MediaSource {
  const url = optionalString(part[names.url], `${param}.${names.url}`);
  const data = names.data && optionalString(part[names.data], `${param}.${names.data}`);
  const id = optionalString(part["file_id"], `${param}.file_id`);
  if (data) return dataUrl(data) ?? { kind: "data", mediaType: mediaTypeOf(part), data };
  if (url) return dataUrl(url) ?? { kind: "url", url };
  if (id) return { kind: "id", id };
  throw missing(`${param}.${names.url}`);
}

function dataUrl(url: string): MediaSource | undefined {
  const [, mediaType, data] = /^data:([^;,]*)(?:;[^;,]*)*;base64,(.*)$/is.exec(url) ?? [];
  if (data === undefined) return undefined;
  return { kind: "data", mediaType: mediaType || "application/octet-stream", data };
}

/** Bare base64 does not say what it is; the name of the file may. */
function mediaTypeOf(part: Json): string {
  const name = typeof part["filename"] === "string" ? part["filename"].toLowerCase() : "";
  const ending = name.slice(name.lastIndexOf(".") + 1);
  return Object.hasOwn(mediaTypes, ending) ? (mediaTypes[ending] ?? pdf) : pdf;
}

const pdf = "application/pdf";
const mediaTypes: Readonly<Record<string, string>> = {
  csv: "text/csv",
  html: "text/html",
  json: "application/json",
  md: "text/markdown",
  pdf,
  txt: "text/plain",
};

function audioPart(part: Json, param: string): AudioPart {
  const audio = requiredRecord(part["input_audio"], `${param}.input_audio`);
  const format = requiredString(audio["format"], `${param}.input_audio.format`);
  const data = requiredString(audio["data"], `${param}.input_audio.data`);
  return { type: "audio", mediaType: format === "mp3" ? "audio/mpeg" : `audio/${format}`, data };
}

/** https://platform.openai.com/docs/guides/prompt-caching */
function cacheMark(part: Json, param: string): { readonly cache?: CacheMark } {
  const at = `${param}.prompt_cache_breakpoint`;
  return optionalRecord(part["prompt_cache_breakpoint"], at) ? { cache: {} } : {};
}
