import { type Clock, Fault } from "@headgate/core";
import type { RoutedFetch } from "../routing/routed.ts";
import { type FetchedMedia, guardedFetch, type Resolve } from "./guarded-fetch.ts";

export interface GuardedFetcherOptions {
  readonly clock: Clock;
  readonly resolve?: Resolve;
}

/** At 20 MiB each, what a worker holds of files it is fetching stays below 200 MiB. */
const runningMax = 8;
const waitingMax = 64;

/** Fetches media for all calls of a worker, so many at a time. */
export class GuardedFetcher {
  readonly #options: GuardedFetcherOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: GuardedFetcherOptions) {
    this.#options = options;
  }

  /** @throws {Fault} media_not_fetched, or client_closed. */
  async fetch(
    url: string,
    { policy, signal }: { readonly policy: RoutedFetch; readonly signal: AbortSignal },
  ): Promise<FetchedMedia> {
    if (policy.disabled) {
      const right = "send it as data (base64)";
      const message = `Files are not fetched by URL here, and the provider does not either: ${right}.`;
      throw new Fault("media_not_fetched", message);
    }
    await this.#enter();
    try {
      return await guardedFetch(url, { ...policy, ...this.#options, signal });
    } finally {
      this.#leave();
    }
  }

  /** Waiting is bounded by the time limits of those before. */
  async #enter(): Promise<void> {
    if (this.#running < runningMax) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= waitingMax) {
      const message = "Too many files are being fetched at the moment: try again, or send data.";
      throw new Fault("media_not_fetched", message);
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes to the one who waited longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
