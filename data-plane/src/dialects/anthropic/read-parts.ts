import type { FilePart, MediaSource, TextPart, UserPart } from "../../chat/chat-request.ts";
import { blocksAt, type Json, listAt, optional, recordAt, textAt, wrongValue } from "./checked.ts";
import { readCache, readMore } from "./read-marks.ts";

/** A block of a user's message, or of a tool's result. */
export function readUserPart(block: Json, path: string): UserPart {
  const type = textAt(block["type"], `${path}.type`);
  switch (type) {
    case "text":
      return readText(block, path);
    case "image": {
      const source = readSource(block["source"], `${path}.source`);
      if (!source) break;
      return { type, source, ...readCache(block, path), ...readMore(block, ["type", "source"]) };
    }
    case "document": {
      const source = readSource(block["source"], `${path}.source`);
      if (!source) break;
      return { ...readDocument(block, path), source };
    }
  }
  return { type: "opaque", dialect: "anthropic", value: block };
}

export function readText(block: Json, path: string): TextPart {
  const citations = optional(block["citations"], `${path}.citations`, listAt)?.filter(isCitation);
  return {
    type: "text",
    text: textAt(block["text"], `${path}.text`),
    ...(citations?.length && { citations: { dialect: "anthropic", list: citations } }),
    ...readCache(block, path),
    ...readMore(block, ["type", "text", "citations"]),
  };
}

/** Those we made of another vendor's links have no index that Anthropic could know. */
function isCitation(value: unknown): boolean {
  return (
    typeof value !== "object" ||
    value === null ||
    !("encrypted_index" in value) ||
    value.encrypted_index !== ""
  );
}

function readDocument(block: Json, path: string): Omit<FilePart, "source"> {
  const filename = optional(block["title"], `${path}.title`, textAt);
  const context = optional(block["context"], `${path}.context`, textAt);
  const config = optional(block["citations"], `${path}.citations`, recordAt);
  const enabled = config?.["enabled"];
  return {
    type: "file",
    ...(filename !== undefined && { filename }),
    ...(context !== undefined && { context }),
    ...(typeof enabled === "boolean" && { citations: enabled }),
    ...readCache(block, path),
    ...readMore(block, ["type", "source", "title", "context", "citations"]),
  };
}

/** Undefined for a source that only Anthropic understands (`content`: blocks within). */
function readSource(value: unknown, path: string): MediaSource | undefined {
  const source = recordAt(value, path);
  switch (textAt(source["type"], `${path}.type`)) {
    case "base64": {
      const mediaType = textAt(source["media_type"], `${path}.media_type`);
      return { kind: "data", mediaType, data: textAt(source["data"], `${path}.data`) };
    }
    case "url":
      return { kind: "url", url: textAt(source["url"], `${path}.url`) };
    case "text": {
      const mediaType =
        optional(source["media_type"], `${path}.media_type`, textAt) ?? "text/plain";
      return { kind: "text", mediaType, text: textAt(source["data"], `${path}.data`) };
    }
    case "file":
      return { kind: "id", id: textAt(source["file_id"], `${path}.file_id`) };
    default:
      return undefined;
  }
}

/** The system's words: text, or blocks of text. */
export function readSystemContent(value: unknown, path: string): readonly TextPart[] {
  if (typeof value === "string") return value === "" ? [] : [{ type: "text", text: value }];
  return blocksAt(value, path).map((one, index) => {
    const at = `${path}[${index}]`;
    const block = recordAt(one, at);
    if (block["type"] !== "text") throw wrongValue(`${at}.type`, "text", block["type"]);
    return readText(block, at);
  });
}
