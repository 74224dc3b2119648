import { createHmac, randomInt } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const secretPrefix = "sk-hg-";
const secretLength = 32; // Base62: 190 bits.

/** A new virtual key's secret. */
export function createKeySecret(): string {
  let secret = secretPrefix;
  for (let i = 0; i < secretLength; i++) secret += alphabet[randomInt(alphabet.length)];
  return secret;
}

/** How a key is known once its secret has been shown: `hmac-sha256:` and 64 hex digits. */
export function hashKeySecret(hmacKey: Uint8Array, secret: string): string {
  return `hmac-sha256:${createHmac("sha256", hmacKey).update(secret).digest("hex")}`;
}
