import { randomBytes } from "node:crypto";

const prefix = "hgt_";
const secretBytes = 32;

/** A new admin token: `hgt_` and 256 bits as 43 characters. The prefix lets scanners find leaked ones. */
export function createAdminToken(): string {
  return prefix + randomBytes(secretBytes).toString("base64url");
}

export function looksLikeAdminToken(token: string): boolean {
  return token.startsWith(prefix);
}
