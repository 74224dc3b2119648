import { createHash, timingSafeEqual } from "node:crypto";

/** Room for a token of any issuer; what is longer is not looked at. */
export const authorizationMaxLength = 8_192;

/** The token of an `Authorization` header: undefined if there is none, or it is another scheme's. */
export function bearerTokenFrom(header: string | null): string | undefined {
  if (header === null || header.length > authorizationMaxLength) return undefined;
  return /^Bearer +(\S+) *$/i.exec(header)?.[1];
}

/**
 * Whether an `Authorization` header carries this token. Compares digests, so that the time taken
 * says nothing of the token, its length included.
 */
export function createBearerCheck(token: string): (header: string | null) => boolean {
  const expected = tokenDigest(token);
  return (header) => {
    const given = bearerTokenFrom(header);
    return given !== undefined && timingSafeEqual(tokenDigest(given), expected);
  };
}

/** SHA-256: tokens are random, so there is nothing to try out. */
export function tokenDigest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
