import type { FilePart, ImagePart, TextPart, UserPart } from "../../chat/chat-request.ts";
import {
  type Json,
  missing,
  notOneOf,
  optionalString,
  requiredRecord,
  requiredString,
  wrongType,
} from "../members.ts";
import { dataSource, sourceOfUrl } from "./data-url.ts";
import { given } from "./given.ts";
import { readCacheMark } from "./read-cache-mark.ts";

/**
 * Content of a message that is text only.
 * @throws {Fault} naming the part, as OpenAI does: `messages[0].content[1].text`.
 */
export function readTexts(content: unknown, param: string): readonly TextPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return listOf(content, param).map((part, i) => {
    const place = `${param}[${i}]`;
    const record = requiredRecord(part, place);
    const type = requiredString(record["type"], `${place}.type`);
    if (type !== "text") throw notOneOf(type, ["text"], `${place}.type`);
    return readText(record, place);
  });
}

/** Content of a user's message, and of a tool's result: servers beside OpenAI take images there. */
export function readUserParts(content: unknown, param: string): readonly UserPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return listOf(content, param).map((part, i) => readUserPart(part, `${param}[${i}]`));
}

/** @throws {Fault} if it is neither a text, which the caller has looked for, nor a list. */
export function listOf(content: unknown, param: string): readonly unknown[] {
  if (content === undefined || content === null) throw missing(param);
  if (!Array.isArray(content)) throw wrongType(param, "a string or a list of parts", content);
  return content;
}

export function readText(part: Json, param: string): TextPart {
  return {
    type: "text",
    text: requiredString(part["text"], `${param}.text`),
    ...readCacheMark(part),
  };
}

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages */
function readUserPart(value: unknown, param: string): UserPart {
  const part = requiredRecord(value, param);
  switch (requiredString(part["type"], `${param}.type`)) {
    case "text":
      return readText(part, param);
    case "image_url":
      return readImage(part, param);
    case "input_audio":
      return readAudio(part, param);
    case "file":
      return readFile(part, param);
    default:
      return { type: "opaque", dialect: "openai", value: part };
  }
}

function readImage(part: Json, param: string): ImagePart {
  const { image_url } = part;
  const place = `${param}.image_url`;
  // Many clients write the URL itself in the object's place.
  const image: Json =
    typeof image_url === "string" ? { url: image_url } : requiredRecord(image_url, place);
  const url = requiredString(image["url"], `${place}.url`);
  if (!urlPattern.test(url)) throw notAnUrl(`${place}.url`, url);
  return {
    type: "image",
    source: sourceOfUrl(url),
    ...readDetail(image["detail"], `${place}.detail`),
    ...readCacheMark(part),
  };
}

const urlPattern = /^(?:https?:\/\/|data:[^,]{0,200},|gs:\/\/|s3:\/\/)/i;

function notAnUrl(param: string, url: string) {
  return notOneOf(url.slice(0, 40), ["http(s) URL", "base64 data URL"], param);
}

function readDetail(value: unknown, param: string): Pick<ImagePart, "detail"> {
  const detail = optionalString(value, param);
  // What models have beyond these ("original") is no more than a hint.
  return detail === "auto" || detail === "low" || detail === "high" ? { detail } : {};
}

function readAudio(part: Json, param: string): UserPart {
  const place = `${param}.input_audio`;
  const audio = requiredRecord(part["input_audio"], place);
  const data = requiredString(audio["data"], `${place}.data`);
  const format = requiredString(audio["format"], `${place}.format`);
  return { type: "audio", mediaType: `audio/${format === "mp3" ? "mpeg" : format}`, data };
}

function readFile(part: Json, param: string): FilePart {
  const place = `${param}.file`;
  const file = requiredRecord(part["file"], place);
  const filename = optionalString(file["filename"], `${place}.filename`);
  const rest = { ...given("filename", filename), ...readCacheMark(part) };
  const id = optionalString(file["file_id"], `${place}.file_id`);
  if (id !== undefined) return { type: "file", source: { kind: "id", id }, ...rest };
  const data = requiredString(file["file_data"], `${place}.file_data`);
  return { type: "file", source: fileSource(data, filename), ...rest };
}

/** A data URL; some clients leave its head out, and OpenRouter takes an address. */
function fileSource(data: string, filename: string | undefined): FilePart["source"] {
  if (/^https?:\/\//i.test(data)) return { kind: "url", url: data };
  const isPdf = filename === undefined || /\.pdf$/i.test(filename);
  const mediaType = isPdf ? "application/pdf" : "application/octet-stream";
  return dataSource(data) ?? { kind: "data", mediaType, data };
}
