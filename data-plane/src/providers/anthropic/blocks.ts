import { Fault, isRecord } from "@headgate/core";
import { callInput } from "../../chat/call-input.ts";
import type {
  AssistantPart,
  CacheMark,
  FilePart,
  ImagePart,
  MediaSource,
  NativeMembers,
  OpaquePart,
  TextPart,
  ToolMessage,
  UserPart,
} from "../../chat/chat-request.ts";
import { isTextType } from "../../media/text-type.ts";
import type { CallIds } from "../call-ids.ts";
import type { Dropped } from "../dropped.ts";

export type Block = Readonly<Record<string, unknown>>;

export interface BlockContext {
  /** The client speaks Anthropic's dialect: its file ids are Anthropic's. */
  readonly native: boolean;
  readonly ids: CallIds;
  readonly dropped: Dropped;
}

/** Content of a user's message, or of a tool's result. */
export function userBlocks(parts: readonly UserPart[], context: BlockContext): readonly Block[] {
  return parts.flatMap((part) => userBlock(part, context));
}

function userBlock(part: UserPart, context: BlockContext): readonly Block[] {
  switch (part.type) {
    case "text":
      return textBlock(part);
    case "image":
      return [imageBlock(part, context)];
    case "file":
      return [fileBlock(part, context)];
    case "opaque":
      return opaqueBlock(part);
    case "audio":
      throw unsupported(`audio (${part.mediaType})`, "messages");
  }
}

export function assistantBlocks(
  parts: readonly AssistantPart[],
  context: BlockContext,
): readonly Block[] {
  return parts.flatMap((part) => assistantBlock(part, context));
}

/** What another vendor thought is nothing to Claude, and left out. */
function assistantBlock(part: AssistantPart, { ids }: BlockContext): readonly Block[] {
  switch (part.type) {
    case "text":
      return textBlock(part);
    case "refusal":
      return textBlock({ type: "text", text: part.text });
    case "reasoning":
      if (part.signature?.vendor !== "anthropic") return [];
      return [{ type: "thinking", thinking: part.text, signature: part.signature.value }];
    case "redacted-reasoning":
      if (part.data.vendor !== "anthropic") return [];
      return [{ type: "redacted_thinking", data: part.data.value }];
    case "tool-call": {
      const { id, name } = part;
      const input = callInput(part.arguments);
      return [{ type: "tool_use", id: ids.call(id), name, input, ...shared(part) }];
    }
    case "opaque":
      return opaqueBlock(part);
  }
}

export function toolResultBlock(message: ToolMessage, context: BlockContext): Block {
  const content = userBlocks(message.content, context);
  return {
    type: "tool_result",
    tool_use_id: context.ids.result(message.callId),
    ...(content.length > 0 && { content }),
    ...(message.isError !== undefined && { is_error: message.isError }),
    ...shared(message),
  };
}

/** Nothing for a text without a visible character: the API refuses it. */
export function textBlock(part: TextPart): readonly Block[] {
  if (part.text.trim() === "") return [];
  const { citations } = part;
  const cited = citations?.dialect === "anthropic" && { citations: citations.list };
  return [{ type: "text", text: part.text, ...cited, ...shared(part) }];
}

function imageBlock(part: ImagePart, context: BlockContext): Block {
  return { type: "image", source: imageSource(part.source, context), ...shared(part) };
}

function imageSource(source: MediaSource, context: BlockContext): Block {
  switch (source.kind) {
    case "url":
      return { type: "url", url: source.url };
    case "data":
      return { type: "base64", media_type: imageType(source.mediaType), data: source.data };
    case "id":
      return fileSource(source.id, context);
    case "text":
      throw unsupported("an image cannot be text", "messages");
  }
}

function imageType(mediaType: string): string {
  return mediaType === "image/jpg" ? "image/jpeg" : mediaType;
}

function fileBlock(part: FilePart, context: BlockContext): Block {
  const { source, filename, context: about, citations } = part;
  if (source.kind === "data" && source.mediaType.startsWith("image/")) {
    return { type: "image", source: imageSource(source, context), ...shared(part) };
  }
  return {
    type: "document",
    source: documentSource(source, context),
    ...(filename !== undefined && { title: filename }),
    ...(about !== undefined && { context: about }),
    ...(citations !== undefined && { citations: { enabled: citations } }),
    ...shared(part),
  };
}

function documentSource(source: MediaSource, context: BlockContext): Block {
  switch (source.kind) {
    case "url":
      return { type: "url", url: source.url };
    case "text":
      return { type: "text", media_type: "text/plain", data: source.text };
    case "id":
      return fileSource(source.id, context);
    case "data": {
      const { mediaType, data } = source;
      if (mediaType === "application/pdf") return { type: "base64", media_type: mediaType, data };
      if (!isTextType(mediaType)) {
        throw unsupported(`a file of type ${mediaType}; it reads PDF and text`, "messages");
      }
      return {
        type: "text",
        media_type: "text/plain",
        data: Buffer.from(data, "base64").toString(),
      };
    }
  }
}

function fileSource(id: string, { native }: BlockContext): Block {
  if (native) return { type: "file", file_id: id };
  throw unsupported("a file by its id: send its content instead", "messages");
}

function opaqueBlock({ value }: OpaquePart): readonly Block[] {
  return isRecord(value) ? [{ ...value }] : [];
}

/** What any block can have: its cache mark, and what only Anthropic knows of it. */
function shared(part: { readonly cache?: CacheMark; readonly more?: NativeMembers }): Block {
  return { ...cacheControl(part.cache), ...nativeMembers(part.more) };
}

export function cacheControl(cache: CacheMark | undefined): Block {
  if (!cache) return {};
  const { ttl } = cache;
  return { cache_control: { type: "ephemeral", ...(ttl !== undefined && { ttl }) } };
}

export function nativeMembers(more: NativeMembers | undefined): Block {
  return more?.dialect === "anthropic" ? more.members : {};
}

function unsupported(what: string, param: string): Fault {
  return new Fault("unsupported_value", `The provider (Anthropic) does not take ${what}.`, {
    param,
  });
}
