import type { BusStatus } from "@headgate/bus";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export interface NodeMetrics {
  readonly registry: Registry;
  readonly nacks: Counter;
  readonly saveFailures: Counter;
}

/** Read when somebody asks, so that they are never stale. */
export interface NodeGauges {
  readonly snapshotVersion: () => number;
  readonly snapshotAgeSeconds: () => number;
  readonly controlPlaneConnected: () => boolean;
  readonly workersListening: () => number;
  /** Absent: the node has no bus. */
  readonly busStatus?: () => BusStatus;
}

/** What the main thread measures: discovery, the saved snapshot, the workers, the process. */
export function createNodeMetrics(gauges: NodeGauges): NodeMetrics {
  const registry = new Registry();
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge(
    "headgate_snapshot_version",
    "Store revision of the snapshot in use. 0: none.",
    gauges.snapshotVersion,
  );
  gauge(
    "headgate_snapshot_age_seconds",
    "Seconds since the snapshot in use came from the control plane. 0 when there is none.",
    gauges.snapshotAgeSeconds,
  );
  gauge("headgate_control_plane_connected", "1 while a discovery stream delivers, else 0.", () =>
    Number(gauges.controlPlaneConnected()),
  );
  gauge("headgate_workers", "Worker threads that listen.", gauges.workersListening);
  const { busStatus } = gauges;
  if (busStatus) addBusMetrics(registry, busStatus);
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    nacks: new Counter({
      name: "headgate_snapshot_nacks_total",
      help: "Snapshots refused; the one before stayed in use.",
      registers: [registry],
    }),
    saveFailures: new Counter({
      name: "headgate_snapshot_save_failures_total",
      help: "Failed attempts to save the snapshot on disk.",
      registers: [registry],
    }),
  };
}

function addBusMetrics(registry: Registry, status: () => BusStatus): void {
  new Gauge({
    name: "headgate_node_bus_connected",
    help: "1 while load reports reach the bus, else 0.",
    registers: [registry],
    collect() {
      this.set(Number(status().connected));
    },
  });
  new Counter({
    name: "headgate_node_bus_dropped_reports_total",
    help: "Load reports not sent, for want of a connection to the bus.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(status().droppedPublishes);
    },
  });
}
