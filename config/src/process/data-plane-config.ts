import { z } from "zod";
import { type BusConfig, busConfigFrom, busField } from "./backend-fields.ts";
import { processDefaults } from "./defaults.ts";
import {
  type ClientTlsFiles,
  clientTls,
  durationUpTo,
  endpointUrl,
  listenAddress,
  logLevel,
  region,
  tcpAddress,
  text,
  token,
  wholeNumber,
} from "./fields.ts";
import type { ListenAddress, TcpAddress } from "./listen-address.ts";
import {
  loadProcessConfig,
  type ProcessConfigInput,
  type ProcessConfigResult,
} from "./load-process-config.ts";

/** data-plane.yaml, with defaults filled in. Paths are as written. */
export interface DataPlaneConfig {
  readonly region: string;
  /** Absent: the host name. */
  readonly node: string | undefined;
  readonly listen: { readonly proxy: ListenAddress; readonly telemetry: TcpAddress };
  readonly controlPlane: {
    /** Tried in turn. */
    readonly endpoints: readonly string[];
    readonly joinToken: string | undefined;
    readonly tls: ClientTlsFiles | undefined;
  };
  /** Where load reports go. Absent: nowhere. */
  readonly bus: NatsConfig | undefined;
  /** Holds the last good snapshot and the key it is sealed with. */
  readonly stateDir: string;
  /** Absent: as many as there are processors. */
  readonly workers: number | undefined;
  readonly bodyMaxBytes: number;
  readonly drainTimeoutMs: number;
  /** Files in PEM, for the proxy listener. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly logLevel: z.output<typeof logLevel>;
}

/** A bus that others are on as well. */
export type NatsConfig = Extract<BusConfig, { readonly kind: "nats" }>;

const defaults = processDefaults.dataPlane;

const hourMs = 60 * 60 * 1_000;
const kibibyte = 1024;
const gibibyte = 1024 ** 3;

/** data-plane.yaml as it is written. */
export const dataPlaneSchema = z.strictObject({
  region,
  node: region.optional(),
  listen: z
    .strictObject({
      proxy: listenAddress.prefault(defaults.proxyAddress),
      telemetry: tcpAddress.prefault(defaults.telemetryAddress),
    })
    .prefault({}),
  control_plane: z.strictObject({
    endpoints: z
      .array(endpointUrl)
      .min(1, "is empty: give at least one")
      .max(32, "has too many entries: at most 32"),
    join_token: token.optional(),
    tls: clientTls.optional(),
  }),
  bus: busField.refine((bus) => bus?.embedded === undefined, {
    path: ["embedded"],
    error:
      "would reach nobody: a node shares no process with the control plane. Give nats, or leave bus out",
  }),
  state_dir: text.default(defaults.stateDir),
  workers: wholeNumber({ min: 1, max: 256 }).optional(),
  max_body_bytes: wholeNumber({ min: kibibyte, max: gibibyte }).default(defaults.bodyMaxBytes),
  drain_timeout: durationUpTo(hourMs).default(defaults.drainTimeoutMs),
  tls: z.strictObject({ cert: text, key: text }).optional(),
  log_level: logLevel.default(processDefaults.logLevel),
});

export function loadDataPlaneConfig(
  input: ProcessConfigInput,
): ProcessConfigResult<DataPlaneConfig> {
  const result = loadProcessConfig(input, dataPlaneSchema);
  return result.ok ? { ok: true, config: configFrom(result.config) } : result;
}

function configFrom(file: z.output<typeof dataPlaneSchema>): DataPlaneConfig {
  return {
    region: file.region,
    node: file.node,
    listen: file.listen,
    controlPlane: {
      endpoints: file.control_plane.endpoints,
      joinToken: file.control_plane.join_token,
      tls: file.control_plane.tls,
    },
    bus: natsFrom(file.bus),
    stateDir: file.state_dir,
    workers: file.workers,
    bodyMaxBytes: file.max_body_bytes,
    drainTimeoutMs: file.drain_timeout,
    tls: file.tls,
    logLevel: file.log_level,
  };
}

function natsFrom(field: z.output<typeof busField>): NatsConfig | undefined {
  const bus = busConfigFrom(field);
  return bus.kind === "nats" ? bus : undefined;
}
