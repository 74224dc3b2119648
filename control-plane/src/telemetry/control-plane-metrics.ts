import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Label sets are closed; nothing here is labelled by a name that users choose. */
export interface ControlPlaneMetrics {
  readonly registry: Registry;
  readonly feed: FeedMetrics;
  readonly discovery: DiscoveryMetrics;
  readonly load: LoadMetrics;
  readonly admin: AdminMetrics;
  readonly leadership: LeadershipMetrics;
  readonly audit: AuditMetrics;
  readonly tls: TlsMetrics;
}

export interface FeedMetrics {
  readonly version: Gauge;
  readonly resources: Gauge;
  readonly watchRestarts: Counter<"reason">;
  readonly unreadable: Counter;
}

export interface DiscoveryMetrics {
  readonly connected: Gauge;
  readonly responses: Counter<"type">;
  readonly answers: Counter<"type">;
  readonly drops: Counter<"reason">;
  readonly held: Gauge<"build">;
  readonly rolloutTroubles: Counter<"trouble">;
}

export interface LoadMetrics {
  readonly nodes: Gauge;
  readonly reports: Counter<"outcome">;
}

export interface AdminMetrics {
  readonly requests: Counter<"method" | "code">;
  readonly seconds: Histogram<"method">;
}

export interface AuditMetrics {
  readonly dropped: Counter;
}

export interface TlsMetrics {
  readonly expireTime: Gauge<"certificate">;
}

export interface LeadershipMetrics {
  readonly leader: Gauge<"scope">;
  readonly changes: Counter<"scope">;
}

export function createControlPlaneMetrics(): ControlPlaneMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    feed: {
      version: new Gauge({
        name: "headgate_control_plane_snapshot_version",
        help: "Newest snapshot version of this replica.",
        registers,
      }),
      resources: new Gauge({
        name: "headgate_snapshot_resources",
        help: "Resources in the newest snapshot.",
        registers,
      }),
      watchRestarts: new Counter({
        name: "headgate_store_watch_restarts_total",
        help: "Times the watch of the store was lost, by reason: compacted, error.",
        labelNames: ["reason"],
        registers,
      }),
      unreadable: new Counter({
        name: "headgate_store_unreadable_values_total",
        help: "Store values that could not be opened or decoded.",
        registers,
      }),
    },
    discovery: {
      connected: new Gauge({
        name: "headgate_discovery_streams",
        help: "Discovery streams open.",
        registers,
      }),
      responses: new Counter({
        name: "headgate_discovery_responses_total",
        help: "Snapshots sent to nodes, by type: full, delta.",
        labelNames: ["type"],
        registers,
      }),
      answers: new Counter({
        name: "headgate_discovery_answers_total",
        help: "Answers of nodes, by type: ack, nack.",
        labelNames: ["type"],
        registers,
      }),
      drops: new Counter({
        name: "headgate_discovery_drops_total",
        help: "Streams refused or ended early, by reason: no_hello, no_ack, store_replaced, too_many_nodes, too_fast, denied, age.",
        labelNames: ["reason"],
        registers,
      }),
      // The one label with names from outside: at most 64 builds are known at once.
      held: new Gauge({
        name: "headgate_discovery_held_resources",
        help: "Resources held back from nodes of a build, since one refused them.",
        labelNames: ["build"],
        registers,
      }),
      rolloutTroubles: new Counter({
        name: "headgate_discovery_rollout_troubles_total",
        help: "Changes that canaries did not accept, by trouble: canaries_late (all got it), canaries_lost (it rests), refused_whole (it waits for the next).",
        labelNames: ["trouble"],
        registers,
      }),
    },
    load: {
      nodes: new Gauge({
        name: "headgate_load_nodes",
        help: "Nodes whose load was reported within ten seconds.",
        registers,
      }),
      reports: new Counter({
        name: "headgate_load_reports_total",
        help: "Load reports of nodes, by outcome: taken, late, refused (too many nodes), unreadable.",
        labelNames: ["outcome"],
        registers,
      }),
    },
    admin: {
      requests: new Counter({
        name: "headgate_admin_requests_total",
        help: "Calls of the admin API, by method and by code (ok, or the Connect code).",
        labelNames: ["method", "code"],
        registers,
      }),
      seconds: new Histogram({
        name: "headgate_admin_request_seconds",
        help: "Duration of calls of the admin API.",
        labelNames: ["method"],
        buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
        registers,
      }),
    },
    audit: {
      dropped: new Counter({
        name: "headgate_audit_dropped_total",
        help: "Refused calls without an audit entry: beyond 10 a second, or the store failed.",
        registers,
      }),
    },
    tls: {
      expireTime: new Gauge({
        name: "headgate_certificate_expire_time_seconds",
        help: "When a certificate in force ends, as Unix time, by certificate: server.",
        labelNames: ["certificate"],
        registers,
      }),
    },
    leadership: {
      leader: new Gauge({
        name: "headgate_leader",
        help: "1 while this replica leads the scope, else 0.",
        labelNames: ["scope"],
        registers,
      }),
      changes: new Counter({
        name: "headgate_leader_changes_total",
        help: "Leaders of the scope that this replica has seen take office.",
        labelNames: ["scope"],
        registers,
      }),
    },
  };
}
