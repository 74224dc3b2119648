import type { Clock, Random } from "@headgate/core";
import type { discovery } from "@headgate/proto";
import type { Logger } from "pino";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import { type Following, followPrefix } from "../store/follow-prefix.ts";
import type { Entry, Store } from "../store/store.ts";
import { nodeRecords, readRecord, recordKey } from "./identity-records.ts";

export interface RegisteredNodesOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** It was deleted, or another key has its name now. */
  readonly onRevoked: (node: string) => void;
}

/** All nodes that have joined, in memory: they get tokens also while the store is away. */
export class RegisteredNodes implements AsyncDisposable {
  readonly #options: RegisteredNodesOptions;
  readonly #nodes = new Map<string, discovery.RegisteredNode>();
  readonly #following: Following;

  constructor(options: RegisteredNodesOptions) {
    this.#options = options;
    this.#following = followPrefix({
      ...options,
      prefix: nodeRecords.prefix,
      onList: (entries) => this.#replaceAll(entries),
      onChanges: ({ changes }) => {
        for (const change of changes) {
          if (change.type === "put") this.#put(change.entry);
          else this.#remove(change.key);
        }
      },
      onLost: (err) => options.logger.warn({ err }, "the watch of nodes was lost; trying again"),
    });
  }

  get listed(): Promise<void> {
    return this.#following.listed;
  }

  get(node: string): discovery.RegisteredNode | undefined {
    return this.#nodes.get(node);
  }

  /** Also one that joined elsewhere just now. @throws what the store throws. */
  async find(node: string): Promise<discovery.RegisteredNode | undefined> {
    const { store, codec } = this.#options;
    const known = this.#nodes.get(node);
    if (known) return known;
    const { value: entry } = await store.get(recordKey(nodeRecords, node));
    return entry && readRecord(nodeRecords, entry, codec);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#following[Symbol.asyncDispose]();
  }

  #replaceAll(entries: readonly Entry[]): void {
    const listed = new Set(entries.map(({ key }) => key));
    for (const node of [...this.#nodes.keys()]) {
      const key = recordKey(nodeRecords, node);
      if (!listed.has(key)) this.#remove(key);
    }
    for (const entry of entries) this.#put(entry);
  }

  #put(entry: Entry): void {
    const { codec, logger, onRevoked } = this.#options;
    try {
      const node = readRecord(nodeRecords, entry, codec);
      const before = this.#nodes.get(node.node);
      this.#nodes.set(node.node, node);
      if (before && !sameBytes(before.publicKey, node.publicKey)) onRevoked(node.node);
    } catch (err) {
      logger.error({ err, key: entry.key }, "a node's record in the store can't be read");
    }
  }

  #remove(key: string): void {
    const node = key.slice(nodeRecords.prefix.length);
    if (this.#nodes.delete(node)) this.#options.onRevoked(node);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
