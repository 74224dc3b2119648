import { createHash } from "node:crypto";

const plain = /^[A-Za-z0-9_-]{1,63}$/;
const keptMax = 47;
const digestMax = 16;

/**
 * A name as one token of a subject, which may hold fewer characters than names may. A name that
 * fits stays what it is. Of others, what is replaced or cut off is made up for by a digest, so that
 * `eu.1` and `eu_1` do not share a subject. At most 64 characters.
 */
export function subjectToken(name: string): string {
  if (plain.test(name)) return name;
  const readable = name.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, keptMax);
  const digest = createHash("sha256").update(name).digest("hex").slice(0, digestMax);
  return `${readable}_${digest}`;
}
