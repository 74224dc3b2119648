/** What the fault tests of the etcd store share. */
import { systemClock } from "@headgate/core";
import { expect } from "vitest";
import type { Store, WatchBatch } from "../store.ts";
import { createEtcdStore } from "./etcd-store.ts";
import type { EtcdStoreOptions } from "./etcd-store-options.ts";

export interface OpenStore extends AsyncDisposable {
  readonly store: Store;
  /** What the store told of in the background. */
  readonly errors: readonly unknown[];
}

/** A store on these hosts that gives up sooner than it would in production. */
export function open(hosts: readonly string[], options: Partial<EtcdStoreOptions> = {}): OpenStore {
  const errors: unknown[] = [];
  const store = createEtcdStore({
    hosts,
    clock: systemClock,
    requestTimeoutMs: 1500,
    watchCheckMs: 500,
    onError: (error) => errors.push(error),
    ...options,
  });
  return { store, errors, [Symbol.asyncDispose]: () => store.close() };
}

export async function put(store: Store, key: string, value: string | number): Promise<number> {
  const bytes = new TextEncoder().encode(String(value));
  const { revision } = await store.transact({ writes: [{ type: "put", key, value: bytes }] });
  return revision;
}

export async function remove(store: Store, key: string): Promise<number> {
  return (await store.transact({ writes: [{ type: "delete", key }] })).revision;
}

export async function textAt(store: Store, key: string): Promise<string | undefined> {
  const { value } = await store.get(key);
  return value && new TextDecoder().decode(value.value);
}

export function putOf(key: string, value: Uint8Array) {
  return { type: "put", key, value } as const;
}

/** A watch that is followed in the background. */
export class Follower {
  readonly batches: WatchBatch[] = [];
  readonly done: Promise<void>;
  readonly #stopper = new AbortController();

  constructor(store: Store, prefix: string, from: number) {
    this.done = this.#follow(store, prefix, from);
    this.done.catch(() => {}); // Whoever asks is told.
  }

  get revisions(): number[] {
    return this.batches.map(({ revision }) => revision);
  }

  /** Wait until it was told of `revision`. */
  async reaches(revision: number, timeout = 15_000): Promise<void> {
    const last = () => this.revisions.at(-1) ?? 0;
    await expect.poll(last, { timeout, interval: 10 }).toBeGreaterThanOrEqual(revision);
  }

  async stop(): Promise<void> {
    this.#stopper.abort();
    await this.done;
  }

  async #follow(store: Store, prefix: string, from: number): Promise<void> {
    const { signal } = this.#stopper;
    for await (const batch of store.watch(prefix, { from, signal })) this.batches.push(batch);
  }
}

/** What a call came to, and how long that took. */
export async function outcomeOf(call: Promise<unknown>) {
  const startedMs = systemClock.now();
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, tookMs: systemClock.now() - startedMs };
}
