import { createHash } from "node:crypto";

/** Bedrock takes 1 to 64 of `[a-zA-Z0-9_-]`; other vendors' ids may be longer, or have other characters. */
export function bedrockCallId(id: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(id)) return id;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 16);
  return `${id.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 40)}_${hash}`;
}

export const callIdLengthMax = 64;
