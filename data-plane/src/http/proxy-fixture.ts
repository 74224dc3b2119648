import { createHmac } from "node:crypto";
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { Cooldowns, RetryBudget, seededRandom, systemClock, TokenEstimator } from "@headgate/core";
import { discovery, resources } from "@headgate/proto";
import { pino } from "pino";
import { Registry } from "prom-client";
import { GuardedFetcher } from "../media/guarded-fetcher.ts";
import { createCountTokens } from "../pipeline/count-tokens.ts";
import type { PipelineDeps } from "../pipeline/handle-call.ts";
import { RoutingTable } from "../routing/routing-table.ts";
import { CallLog } from "../telemetry/call-log.ts";
import { CallMetrics } from "../telemetry/call-metrics.ts";
import { Deadlines } from "../upstream/deadlines.ts";
import { UpstreamPools } from "../upstream/upstream-pools.ts";
import type { ListenOptions } from "../worker-protocol.ts";
import { ProxyServer } from "./proxy-server.ts";

/** For tests: the real request path in this thread, with its log in a list. */
export interface ProxyFixture extends AsyncDisposable {
  readonly server: ProxyServer;
  readonly deps: PipelineDeps;
  readonly registry: Registry;
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly lines: Record<string, unknown>[];
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

export interface ProxyFixtureOptions {
  /** A ResourceSet as proto JSON; keys give their `secret`. */
  readonly resources: JsonValue;
  readonly region?: string;
  readonly bodyMaxBytes?: number;
  readonly tls?: ListenOptions["tls"];
  readonly socketPath?: string;
}

/** The key of every fixture, unless its resources name others. */
export const testKey = "sk-hg-test-0123456789";

export async function startProxyFixture(options: ProxyFixtureOptions): Promise<ProxyFixture> {
  const registry = new Registry();
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: "info", base: null },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const random = seededRandom(1);
  const tokens = new TokenEstimator();
  const table = new RoutingTable({ region: options.region ?? "test", random, clock: systemClock });
  const deps: PipelineDeps = {
    clock: systemClock,
    table,
    pools: new UpstreamPools(),
    deadlines: new Deadlines(systemClock),
    cooldowns: new Cooldowns(),
    retryBudget: new RetryBudget(systemClock.now()),
    bodyMaxBytes: options.bodyMaxBytes ?? 32 * 1024 * 1024,
    metrics: new CallMetrics(registry),
    log: new CallLog(logger),
    media: new GuardedFetcher({ clock: systemClock }),
    tokens,
    countTokens: createCountTokens(tokens),
  };
  table.apply(snapshotOf(options.resources));
  const server = new ProxyServer(deps, options.tls);
  const listen: ListenOptions = options.socketPath
    ? { socketPath: options.socketPath }
    : { host: "127.0.0.1", port: 0, reusePort: false };
  const port = await server.listen(listen);
  const origin = `${options.tls ? "https" : "http"}://127.0.0.1:${port}`;
  return {
    server,
    deps,
    registry,
    port,
    origin,
    lines,
    post: (path, body, init) =>
      fetch(origin + path, {
        method: "POST",
        ...init,
        headers: {
          authorization: `Bearer ${testKey}`,
          "content-type": "application/json",
          ...init?.headers,
        },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      await server.drain(0);
      await deps.pools.close();
      deps.deadlines[Symbol.dispose]();
    },
  };
}

/** A full delta of a resource set. */
export function snapshotOf(json: JsonValue): discovery.StreamSnapshotsResponse {
  const set = fromJson(resources.ResourceSetSchema, json);
  const hmacKey = new Uint8Array(32).fill(7);
  const keys = set.keys.length > 0 ? set.keys : [create(resources.KeySchema, { name: "test" })];
  for (const key of keys) {
    const secret = key.secret || testKey;
    key.secretHash = `hmac-sha256:${createHmac("sha256", hmacKey).update(secret).digest("hex")}`;
    key.secret = "";
  }
  type Upsert = discovery.Resource["resource"];
  const upserts: Upsert[] = [
    { case: "settings", value: create(discovery.SettingsSchema, { keyHmacKey: hmacKey }) },
    ...set.providers.map((value) => ({ case: "provider", value }) as const),
    ...set.models.map((value) => ({ case: "model", value }) as const),
    ...set.teams.map((value) => ({ case: "team", value }) as const),
    ...keys.map((value) => ({ case: "key", value }) as const),
    ...(set.policy ? [{ case: "policy", value: set.policy } as const] : []),
  ];
  return create(discovery.StreamSnapshotsResponseSchema, {
    version: 1n,
    upserts: upserts.map((resource) => ({ resource, revision: 1n })),
  });
}
