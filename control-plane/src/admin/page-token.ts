import type { ResourceKind } from "@headgate/config";

/** Where a listing stands: the revision that all its pages show, and the last key given out. */
export interface PagePosition {
  readonly revision: number;
  readonly after: string;
}

const tokenLengthMax = 1024;

/** Opaque to callers. Holds nothing secret, so it is not signed, only checked. */
export function encodePageToken(kind: ResourceKind, position: PagePosition): string {
  const { revision, after } = position;
  return Buffer.from(JSON.stringify([kind, revision, after])).toString("base64url");
}

/** Undefined for anything that encodePageToken() did not make for this kind. */
export function decodePageToken(kind: ResourceKind, token: string): PagePosition | undefined {
  if (token.length > tokenLengthMax) return undefined;
  const parts = parseJson(Buffer.from(token, "base64url").toString());
  if (!Array.isArray(parts) || parts.length !== 3 || parts[0] !== kind) return undefined;
  const [, revision, after]: unknown[] = parts;
  if (typeof revision !== "number" || !Number.isSafeInteger(revision) || revision < 1) {
    return undefined;
  }
  return typeof after === "string" && after !== "" ? { revision, after } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
