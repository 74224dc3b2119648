import { createHash } from "node:crypto";

/** Where a listing stands: the revision that all its pages show, and the last key looked at. */
export interface PagePosition {
  readonly revision: number;
  readonly after: string;
}

/** What a token is good for: pages of one listing, asked for in one way. */
export interface PageScope {
  /** What is listed: a kind, or "audit". */
  readonly of: string;
  /** All else that decides what is in the listing, such as its filter. */
  readonly by: string;
}

const tokenLengthMax = 2048;

/** Opaque to callers. Holds nothing secret, so it is not signed, only checked. */
export function encodePageToken(scope: PageScope, { revision, after }: PagePosition): string {
  const parts = [scope.of, digest(scope.by), revision, after];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Undefined for anything that encodePageToken() did not make for this scope. */
export function decodePageToken(scope: PageScope, token: string): PagePosition | undefined {
  if (token.length > tokenLengthMax) return undefined;
  const parts = parseJson(Buffer.from(token, "base64url").toString());
  if (!Array.isArray(parts) || parts.length !== 4) return undefined;
  const [of, by, revision, after]: unknown[] = parts;
  if (of !== scope.of || by !== digest(scope.by)) return undefined;
  if (typeof revision !== "number" || !Number.isSafeInteger(revision) || revision < 1) {
    return undefined;
  }
  return typeof after === "string" && after !== "" ? { revision, after } : undefined;
}

/** Long enough to tell one's own filters apart. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 12);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
