import type { Dispatcher } from "undici";
import Pool from "undici/lib/dispatcher/pool.js";

/**
 * Connections to providers, kept alive and shared by origin. There is no bound on
 * their number: a call that was admitted must not wait for a socket, and what is
 * admitted is bounded before.
 *
 * HTTP/1.1 only: one stream per connection, so that a slow reader's backpressure
 * holds up no one else.
 */
export class UpstreamPools {
  readonly #pools = new Map<string, Pool>();

  /** @param origin for example `https://api.openai.com`. */
  get(origin: string): Dispatcher {
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, poolOptions);
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  /** Close the pools of origins that are no longer used, once their calls are over. */
  retain(origins: ReadonlySet<string>): void {
    for (const [origin, pool] of this.#pools) {
      if (origins.has(origin)) continue;
      this.#pools.delete(origin);
      pool.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }
}

const poolOptions: Pool.Options = {
  allowH2: false,
  pipelining: 1,
  // The policy's timeouts are kept by Deadlines; undici's own are switched off, or put far behind.
  headersTimeout: 0,
  bodyTimeout: 0,
  connectTimeout: 60_000,
  // Shorter than the idle timeouts of the providers' load balancers (60 s and more), so that we
  // seldom write on a connection that is just being closed.
  keepAliveTimeout: 20_000,
  keepAliveMaxTimeout: 50_000,
};
