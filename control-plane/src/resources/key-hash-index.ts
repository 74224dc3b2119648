import type { Entry } from "../store/store.ts";

/**
 * Which key has a secret: one small entry per secret hash, holding the key's name, written in
 * the same transaction as the key. So two writers can't give one secret to two keys. Outside of
 * /resources/, so that nodes do not get it.
 */
export const keyHashesPrefix = "/key-hashes/";

export interface HashOwner {
  readonly name: string;
  readonly revision: number;
}

export function keyHashKey(secretHash: string): string {
  return keyHashesPrefix + secretHash;
}

export function encodeHashOwner(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}

export function hashOwnerFrom(entry: Entry): HashOwner {
  return { name: new TextDecoder().decode(entry.value), revision: entry.revision };
}
