import { prefixEnd } from "../prefix-end.ts";

/** In etcd: to the end of all keys. */
const endOfKeys = Buffer.from([0]);

/** Where our keys are in etcd: each behind the same prefix. */
export class KeySpace {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** etcd's key of ours. */
  inside(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  /** Our key of etcd's. */
  outside(key: Buffer): string {
    return key.toString("utf8").slice(this.#prefix.length);
  }

  /** The keys that start with `prefix`, those up to and including `after` left out. */
  range(prefix: string, after?: string): { readonly key: Buffer; readonly range_end: Buffer } {
    const first = this.inside(prefix);
    const next = this.inside(after === undefined ? prefix : `${after}\0`);
    const end = prefixEnd(this.#prefix + prefix);
    return {
      key: Buffer.compare(first, next) < 0 ? next : first,
      range_end: end === undefined ? endOfKeys : Buffer.from(end),
    };
  }
}
