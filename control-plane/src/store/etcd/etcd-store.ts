import type { IRangeRequest, IRangeResponse } from "etcd3";
import {
  assertInteger,
  assertKey,
  assertListLimit,
  assertPrefix,
  assertTransaction,
} from "../check-arguments.ts";
import {
  CompactedError,
  type Entry,
  type ListOptions,
  type Read,
  type ReadOptions,
  type Store,
  type StoreLease,
  storeLimits,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
  type WatchOptions,
} from "../store.ts";
import { entryFrom, integerFrom } from "./entry-from.ts";
import { EtcdCluster } from "./etcd-cluster.ts";
import { EtcdFailure, type EtcdFailureKind } from "./etcd-failure.ts";
import { grantEtcdLease } from "./etcd-lease.ts";
import {
  type EtcdStoreOptions,
  type EtcdStoreSettings,
  etcdStoreSettings,
} from "./etcd-store-options.ts";
import { EtcdWatch } from "./etcd-watch.ts";
import { KeySpace } from "./key-space.ts";
import { firstPageLimit, nextPageLimit, smallerPageLimit } from "./page-limit.ts";
import { transactionRequest, transactionResult } from "./transaction-request.ts";

/** Connects when it is first used. @throws {RangeError} for options that can't be right. */
export function createEtcdStore(options: EtcdStoreOptions): Store {
  return new EtcdStore(etcdStoreSettings(options));
}

/**
 * A Store in etcd, 3.4 or newer.
 *
 * - Reads are linearizable: they see every write that was acknowledged before, by whomever.
 * - No call takes longer than `requestTimeoutMs`; one that found no answer in that time fails as
 *   "unavailable" and says whether a write may have happened. See EtcdCluster.
 * - A CompactedError of a read names the revision behind the one asked for, as etcd does not say more.
 */
class EtcdStore implements Store {
  readonly #settings: EtcdStoreSettings;
  readonly #cluster: EtcdCluster;
  readonly #keys: KeySpace;

  constructor(settings: EtcdStoreSettings) {
    this.#settings = settings;
    this.#cluster = new EtcdCluster(settings);
    this.#keys = new KeySpace(settings.prefix);
  }

  async get(key: string, { revision }: ReadOptions = {}): Promise<Read<Entry | undefined>> {
    assertKey(key);
    const { value, ...read } = await this.#range({ key: this.#keys.inside(key) }, revision);
    return { value: value[0], revision: read.revision };
  }

  async list(
    prefix: string,
    options: ListOptions = {},
  ): Promise<Read<Entry[]> & { more: boolean }> {
    assertPrefix(prefix);
    const { limit = storeLimits.listEntriesMax } = options;
    assertListLimit(limit);
    const value: Entry[] = [];
    let { revision, after } = options;
    for (let pageLimit = firstPageLimit; ; ) {
      const range = this.#keys.range(prefix, after);
      const page = await this.#page(range, revision, Math.min(pageLimit, limit - value.length));
      value.push(...page.value);
      revision ??= page.revision;
      if (!page.more || value.length === limit) return { value, revision, more: page.more };
      after = value.at(-1)?.key;
      pageLimit = nextPageLimit(page.value);
    }
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    assertTransaction(transaction);
    const request = transactionRequest(transaction, this.#keys);
    const response = await this.#cluster.run({
      repeatable: transaction.writes.length === 0,
      send: (client, options) => client.kv.txn(request, options),
    });
    return transactionResult(transaction, response);
  }

  async *watch(prefix: string, { from, signal }: WatchOptions): AsyncIterable<WatchBatch> {
    assertPrefix(prefix);
    assertInteger("from", from, 1);
    const [cluster, keys] = [this.#cluster, this.#keys];
    yield* new EtcdWatch({ ...this.#settings, cluster, keys, prefix, from, signal }).batches();
  }

  grantLease(ttlMs: number): Promise<StoreLease> {
    return grantEtcdLease(this.#cluster, ttlMs);
  }

  async compact(revision: number): Promise<void> {
    assertInteger("revision", revision, 1);
    try {
      await this.#cluster.run({
        repeatable: true,
        send: (client, options) => client.kv.compact({ revision }, options),
      });
    } catch (error) {
      if (!isFailure(error, "compacted")) throw error;
    }
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  /** A page of at most `limit`, smaller where the entries are too large for one message. */
  async #page(range: IRangeRequest, revision: number | undefined, limit: number): Promise<Page> {
    for (let pageLimit = limit; ; pageLimit = smallerPageLimit(pageLimit)) {
      try {
        return await this.#range({ ...range, limit: pageLimit }, revision);
      } catch (error) {
        if (!isFailure(error, "page_too_large") || pageLimit === 1) throw error;
      }
    }
  }

  async #range(range: IRangeRequest, revision: number | undefined): Promise<Page> {
    if (revision !== undefined) assertInteger("revision", revision, 1);
    try {
      const request = { ...range, ...(revision !== undefined && { revision }) };
      return this.#pageFrom(
        await this.#cluster.run({
          repeatable: true,
          send: (client, options) => client.kv.range(request, options),
        }),
        revision,
      );
    } catch (error) {
      if (isFailure(error, "compacted")) throw new CompactedError((revision ?? 0) + 1);
      throw error;
    }
  }

  #pageFrom({ kvs, header, more }: IRangeResponse, revision: number | undefined): Page {
    const value = kvs.map((kv) => entryFrom(kv, this.#keys));
    return { value, more, revision: revision ?? integerFrom(header.revision) };
  }
}

interface Page extends Read<Entry[]> {
  readonly more: boolean;
}

function isFailure(error: unknown, kind: EtcdFailureKind): boolean {
  return error instanceof EtcdFailure && error.kind === kind;
}
