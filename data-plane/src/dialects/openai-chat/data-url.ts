import type { MediaSource } from "../../chat/chat-request.ts";

/** What a URL stands for: its own data (RFC 2397), or something to fetch. */
export function sourceOfUrl(url: string): MediaSource {
  return dataSource(url) ?? { kind: "url", url };
}

/** Undefined if it is no data URL. The data may be megabytes: it is neither searched nor copied. */
export function dataSource(url: string): (MediaSource & { readonly kind: "data" }) | undefined {
  if (!/^data:/i.test(url)) return undefined;
  const comma = url.indexOf(",");
  if (comma < 0 || comma > headLengthMax) return undefined;
  const [type = "", ...parameters] = url.slice("data:".length, comma).split(";");
  const mediaType = type || "text/plain";
  const data = url.slice(comma + 1);
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === "base64");
  return { kind: "data", mediaType, data: isBase64 ? data : base64OfText(data) };
}

/** Characters. */
const headLengthMax = 200;

function base64OfText(text: string): string {
  try {
    return Buffer.from(decodeURIComponent(text)).toString("base64");
  } catch {
    return Buffer.from(text).toString("base64");
  }
}
