import { createHash } from "node:crypto";

/** What a snapshot's state hash is made of: one resource as of one revision. */
export interface HashedResource {
  readonly kind: string;
  readonly name: string;
  readonly revision: bigint;
}

/**
 * The resource's part of the state hash, as 64 unsigned bits. Fold parts with XOR: adding and
 * removing are the same operation, and the order does not matter.
 */
export function resourceHash({ kind, name, revision }: HashedResource): bigint {
  return createHash("sha256").update(`${kind}/${name}/${revision}`).digest().readBigUInt64BE(0);
}
