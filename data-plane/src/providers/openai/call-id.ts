import { createHash } from "node:crypto";

/**
 * The id of a tool call as OpenAI takes it: at most 40 characters. Ids that other vendors made may
 * be longer; the same one always becomes the same.
 */
export function callId(id: string): string {
  if (id.length <= idLengthMax) return id;
  return `call_${createHash("sha256").update(id).digest("hex").slice(0, 32)}`;
}

const idLengthMax = 40;
