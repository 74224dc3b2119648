/** Bedrock's word for a media type, or for a file's extension where the type says nothing. */
export interface MediaFormat {
  readonly kind: "image" | "document" | "video" | "audio";
  readonly format: string;
}

/** Undefined if Bedrock takes nothing of the kind. */
export function mediaFormat(
  mediaType: string | undefined,
  filename: string | undefined,
): MediaFormat | undefined {
  const type = (mediaType ?? "").toLowerCase().split(";")[0]?.trim() ?? "";
  const extension = /\.([a-z0-9]+)$/i.exec(filename ?? "")?.[1]?.toLowerCase() ?? "";
  return formatOf(byType.get(type)) ?? bySubtype(type) ?? formatOf(extension) ?? textual(type);
}

/** `audio/flac` is flac, `video/webm` webm. */
function bySubtype(type: string): MediaFormat | undefined {
  const [kind, subtype = ""] = type.split("/");
  const found = formatOf(subtype.replace(/^(x|vnd)[-.]/, ""));
  return found?.kind === kind ? found : kind === "audio" ? audioOf(subtype) : undefined;
}

function audioOf(subtype: string): MediaFormat | undefined {
  return audioFormats.has(subtype) ? { kind: "audio", format: subtype } : undefined;
}

function formatOf(word: string | undefined): MediaFormat | undefined {
  if (word === undefined) return undefined;
  const format = aliases.get(word) ?? word;
  if (imageFormats.has(format)) return { kind: "image", format };
  if (documentFormats.has(format)) return { kind: "document", format };
  if (videoFormats.has(format)) return { kind: "video", format };
  return audioFormats.has(format) ? { kind: "audio", format } : undefined;
}

/** Source code, JSON and the like are read as text. */
function textual(type: string): MediaFormat | undefined {
  const isText = type.startsWith("text/") || /^application\/(.*\+)?(json|xml|yaml)$/.test(type);
  return isText ? { kind: "document", format: "txt" } : undefined;
}

const imageFormats = new Set(["png", "jpeg", "gif", "webp"]);
const documentFormats = new Set(["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"]);
const videoFormats = new Set([
  "mkv",
  "mov",
  "mp4",
  "webm",
  "flv",
  "mpeg",
  "mpg",
  "wmv",
  "three_gp",
]);
const audioFormats = new Set(
  "mp3 opus wav aac flac ogg mka pcm m4a mpga x-aac mp4 mpeg mkv webm".split(" "),
);

const aliases = new Map(
  Object.entries({
    jpg: "jpeg",
    htm: "html",
    markdown: "md",
    text: "txt",
    "3gp": "three_gp",
    "3gpp": "three_gp",
    quicktime: "mov",
    matroska: "mkv",
  }),
);

const byType = new Map(
  Object.entries({
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/plain": "txt",
    "text/markdown": "md",
    "video/x-ms-wmv": "wmv",
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
  }),
);
