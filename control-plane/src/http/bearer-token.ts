import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether an `Authorization` header carries this token. Compares digests, so that the time taken
 * says nothing of the token, its length included.
 */
export function createBearerCheck(token: string): (header: string | null) => boolean {
  const expected = digest(token);
  return (header) => {
    const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
