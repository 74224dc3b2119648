import type { Clock, ElectionEffect, ElectionEvent } from "@headgate/core";
import type { Store, StoreLease } from "../store/store.ts";
import { holderFrom } from "./leader-record.ts";
import { within } from "./within.ts";

export interface ElectionRequestsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly key: string;
  readonly ttlMs: number;
  /** The value to put for a claim. */
  readonly recordFor: (attempt: number) => Uint8Array;
  /** Told what came of each request, and why if it failed. Must not throw. */
  readonly tell: (event: ElectionEvent, error?: unknown) => void;
}

/**
 * What an election asks of the store. Each request counts as failed after a third of the term; an
 * answer that comes later is told as well, for what it is still worth. None is cancelled: the
 * store ends its calls itself, and the election spaces them out.
 */
export class ElectionRequests {
  readonly #options: ElectionRequestsOptions;
  readonly #leases = new Map<number, StoreLease>();
  readonly #pending = new Set<Promise<void>>();
  #releasedAttempt = 0;
  #watcher = new AbortController();

  constructor(options: ElectionRequestsOptions) {
    this.#options = options;
  }

  send(effect: ElectionEffect): void {
    switch (effect.type) {
      case "read":
        return this.#ask({ type: "read-failed", id: effect.id }, () => this.#read(effect.id));
      case "watch":
        this.#watcher.abort();
        this.#watcher = new AbortController();
        return void this.#watch(effect, this.#watcher.signal);
      case "unwatch":
        return this.#watcher.abort();
      case "claim":
        return this.#ask({ type: "claim-failed", attempt: effect.attempt }, () =>
          this.#claim(effect.attempt),
        );
      case "keep-alive":
        return this.#ask({ type: "keep-alive-failed", attempt: effect.attempt }, () =>
          this.#keepAlive(effect),
        );
      case "release":
        return this.#ask(undefined, () => this.#release(effect.attempt));
      case "remove":
        return this.#ask(undefined, () => this.#remove(effect.epoch));
      case "elected":
      case "deposed":
        return;
    }
  }

  /** Resolves when every request under way has been answered or has taken too long. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #ask(failure: ElectionEvent | undefined, work: () => Promise<ElectionEvent | undefined>): void {
    const { clock, ttlMs, tell } = this.#options;
    const told = work().then((event) => {
      if (event) tell(event);
    });
    const bounded = within(clock, ttlMs / 3, told)
      .catch((error) => {
        if (failure) tell(failure, error);
      })
      .finally(() => this.#pending.delete(bounded));
    this.#pending.add(bounded);
  }

  async #read(id: number): Promise<ElectionEvent> {
    const { value, revision } = await this.#options.store.get(this.#options.key);
    return { type: "read-done", id, revision, holder: value && holderFrom(value) };
  }

  async #watch(
    { id, from }: { readonly id: number; readonly from: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { store, key, tell } = this.#options;
    let reason: unknown = new Error("the store ended the watch");
    try {
      for await (const { revision, changes } of store.watch(key, { from, signal })) {
        // The key of another scope may begin with ours.
        const change = changes.find(
          (one) => key === (one.type === "put" ? one.entry.key : one.key),
        );
        if (signal.aborted || !change) continue;
        const holder = change.type === "put" ? holderFrom(change.entry) : undefined;
        tell({ type: "watch-changed", id, revision, holder });
      }
    } catch (error) {
      reason = error;
    }
    if (!signal.aborted) tell({ type: "watch-lost", id }, reason);
  }

  async #claim(attempt: number): Promise<ElectionEvent> {
    const { store, key, ttlMs, recordFor } = this.#options;
    const lease = await store.grantLease(ttlMs);
    if (attempt <= this.#releasedAttempt) {
      await lease.revoke();
      return { type: "claim-failed", attempt };
    }
    this.#leases.set(attempt, lease);
    if (lease.ttlMs < ttlMs) {
      throw new Error(`the store granted ${lease.ttlMs} ms, ${ttlMs} ms were asked for`);
    }
    const result = await store.transact({
      compare: [{ key, revision: 0 }],
      writes: [{ type: "put", key, value: recordFor(attempt), lease }],
    });
    if (!result.ok) return { type: "claim-lost", attempt };
    return { type: "claim-won", attempt, revision: result.revision };
  }

  async #keepAlive({
    attempt,
    sentMs,
  }: {
    readonly attempt: number;
    readonly sentMs: number;
  }): Promise<ElectionEvent> {
    const isAlive = await this.#leases.get(attempt)?.keepAlive();
    return isAlive ? { type: "keep-alive-done", attempt, sentMs } : { type: "lease-gone", attempt };
  }

  /** Fails without consequence: the lease then ends by itself. */
  async #release(attempt: number): Promise<undefined> {
    const lease = this.#leases.get(attempt);
    this.#releasedAttempt = attempt;
    this.#leases.delete(attempt);
    await lease?.revoke();
  }

  async #remove(epoch: number): Promise<undefined> {
    const { store, key } = this.#options;
    await store.transact({
      compare: [{ key, revision: epoch, target: "createRevision" }],
      writes: [{ type: "delete", key }],
    });
  }
}
