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
  readonly #freshPools = new Map<string, Pool>();

  /** @param origin for example `https://api.openai.com`. */
  get(origin: string): Dispatcher {
    return poolOf(this.#pools, origin, poolOptions);
  }

  /** A new connection per request, closed behind it: one that can't have been closed meanwhile. */
  fresh(origin: string): Dispatcher {
    return poolOf(this.#freshPools, origin, freshOptions);
  }

  /** Close the pools of origins that are no longer used, once their calls are over. */
  retain(origins: ReadonlySet<string>): void {
    for (const pools of [this.#pools, this.#freshPools]) {
      for (const [origin, pool] of pools) {
        if (origins.has(origin)) continue;
        pools.delete(origin);
        pool.close();
      }
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values(), ...this.#freshPools.values()];
    await Promise.all(pools.map((pool) => pool.destroy()));
    this.#pools.clear();
    this.#freshPools.clear();
  }
}

function poolOf(pools: Map<string, Pool>, origin: string, options: Pool.Options): Pool {
  let pool = pools.get(origin);
  if (!pool) {
    pool = new Pool(origin, options);
    pools.set(origin, pool);
  }
  return pool;
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

/** Without pipelining undici does not keep connections. */
const freshOptions: Pool.Options = { ...poolOptions, pipelining: 0 };
