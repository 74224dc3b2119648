/**
 * What was fetched, by its content type and first bytes: images are what their bytes say, since
 * vendors refuse a JPEG that calls itself PNG, and a server may not know what it serves.
 * Undefined for what is no medium.
 */
export function mediaTypeOf(contentType: string | undefined, bytes: Buffer): string | undefined {
  const essence = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isUnknown = essence === "" || /^(application|binary)\/octet-stream$/.test(essence);
  if (isUnknown || essence.startsWith("image/")) {
    const sniffed = sniff(bytes);
    if (sniffed !== undefined) return sniffed;
  }
  return media.test(essence) ? essence : undefined;
}

const media = /^(?:(?:image|audio|video|text)\/[\w.+-]{1,100}|application\/pdf)$/;

/** https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern, and PDF. A dot is any byte. */
const signatures: readonly (readonly [mediaType: string, start: string])[] = [
  ["image/png", "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", "\xff\xd8\xff"],
  ["image/gif", "GIF87a"],
  ["image/gif", "GIF89a"],
  ["image/webp", "RIFF....WEBPVP"],
  ["application/pdf", "%PDF-"],
];

function sniff(bytes: Buffer): string | undefined {
  return signatures.find(([, start]) => startsWith(bytes, Buffer.from(start, "latin1")))?.[0];
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return start.every((byte, index) => byte === anyByte || bytes[index] === byte);
}

const anyByte = ".".charCodeAt(0);
