import { Fault } from "@headgate/core";
import type { AudioPart, FilePart, ImagePart, MediaSource } from "../../chat/chat-request.ts";
import type { Block, Translating } from "./block.ts";
import { type MediaFormat, mediaFormat } from "./media-formats.ts";

/**
 * An image, document, video or audio block.
 * @throws {Fault} unsupported_value
 */
export function mediaBlock(
  part: ImagePart | FilePart | AudioPart,
  translating: Translating,
): Block {
  if (part.type === "audio") {
    const { mediaType, data } = part;
    const format = formatFor({ mediaType, filename: undefined });
    return { audio: { format: format.format, source: { bytes: data } } };
  }
  const filename = part.type === "file" ? part.filename : undefined;
  const { source, mediaType, name } = sourceOf(part.source, filename);
  const { kind, format } = formatFor({ mediaType, filename: name });
  if (part.type === "image" && kind !== "image") throw unsupported(mediaType ?? "this image");
  if (kind !== "document") return { [kind]: { format, source } };
  return { document: { format, source, ...documentMembers(part, translating) } };
}

function documentMembers(part: ImagePart | FilePart, { traits, documentNames }: Translating) {
  const { filename, context, citations } = part.type === "file" ? part : {};
  return {
    name: documentName(filename ?? "", documentNames),
    ...(context !== undefined && { context }),
    ...(citations && traits.claude && { citations: { enabled: true } }),
  };
}

interface Source {
  readonly source: Block;
  readonly mediaType: string | undefined;
  readonly name: string | undefined;
}

function sourceOf(source: MediaSource, filename: string | undefined): Source {
  switch (source.kind) {
    case "data":
      return { source: { bytes: source.data }, mediaType: source.mediaType, name: filename };
    case "text": {
      const bytes = Buffer.from(source.text).toString("base64");
      return { source: { bytes }, mediaType: source.mediaType, name: filename };
    }
    case "url":
      return s3Source(source.url, source.mediaType, filename);
    case "id":
      return s3Source(source.id, undefined, filename);
  }
}

function s3Source(
  uri: string,
  mediaType: string | undefined,
  filename: string | undefined,
): Source {
  if (!uri.startsWith("s3://")) throw unsupported(`the reference ${JSON.stringify(uri)}`);
  return { source: { s3Location: { uri } }, mediaType, name: filename ?? uri };
}

function formatFor(of: {
  readonly mediaType: string | undefined;
  readonly filename: string | undefined;
}): MediaFormat {
  const format = mediaFormat(of.mediaType, of.filename);
  if (!format) throw unsupported(`media type ${of.mediaType ?? "unknown"}`);
  return format;
}

/** Letters, digits, single spaces, hyphens, parentheses and square brackets; each name once. */
function documentName(filename: string, taken: Set<string>): string {
  const stem = filename.replace(/\.[a-z0-9]{1,5}$/i, "").replace(/[^a-zA-Z0-9\s()[\]-]/g, "-");
  const base = stem.replace(/\s+/g, " ").trim().slice(0, nameLengthMax) || "document";
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base} (${n})`;
  taken.add(name);
  return name;
}

/** The API allows 200, of which a number to tell it apart may take some. */
const nameLengthMax = 180;

function unsupported(what: string): Fault {
  return new Fault(
    "unsupported_value",
    `Bedrock does not take ${what}: send an image (png, jpeg, gif, webp), a document (pdf, csv, doc, docx, xls, xlsx, html, txt, md) or a video, as data or with an s3:// address.`,
    { param: "messages" },
  );
}
