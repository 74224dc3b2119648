import { z } from "zod";
import {
  type BusConfig,
  busConfigFrom,
  busField,
  type StoreConfig,
  storeConfigFrom,
  storeField,
} from "./backend-fields.ts";
import { processDefaults } from "./defaults.ts";
import { durationUpTo, logLevel, region, tcpAddress, text, token } from "./fields.ts";
import type { TcpAddress } from "./listen-address.ts";
import {
  loadProcessConfig,
  type ProcessConfigInput,
  type ProcessConfigResult,
} from "./load-process-config.ts";
import { type OidcConfig, oidcConfigFrom, oidcField } from "./oidc-field.ts";

/** control-plane.yaml, with defaults filled in. Paths are as written. */
export interface ControlPlaneConfig {
  readonly region: string;
  /** Of this replica, one of its own each. Absent: the host name. */
  readonly replica: string | undefined;
  readonly listen: { readonly admin: TcpAddress; readonly grpc: TcpAddress };
  /** Holds the embedded store, the master key and the root token. */
  readonly dataDir: string;
  readonly store: StoreConfig;
  readonly bus: BusConfig;
  /** Absent: kept in the data directory. */
  readonly adminToken: string | undefined;
  /** With it nodes join, any number of them, of any region. */
  readonly joinToken: string | undefined;
  /** Whose tokens the admin API takes, besides its own. */
  readonly oidc: OidcConfig | undefined;
  /** Files in PEM, for both listeners. */
  readonly tls:
    | {
        readonly cert: string;
        readonly key: string;
        /** Who signs the certificates of nodes. Absent: nodes have none. */
        readonly clientCa: string | undefined;
      }
    | undefined;
  /** How long the first node of each build runs a new snapshot before the others get it. */
  readonly rolloutHoldMs: number;
  readonly logLevel: z.output<typeof logLevel>;
}

const defaults = processDefaults.controlPlane;

const dayMs = 24 * 60 * 60 * 1_000;

/** control-plane.yaml as it is written. */
export const controlPlaneSchema = z.strictObject({
  region,
  replica: region.optional(),
  listen: z
    .strictObject({
      admin: tcpAddress.prefault(defaults.adminAddress),
      grpc: tcpAddress.prefault(defaults.grpcAddress),
    })
    .prefault({}),
  data_dir: text.default(defaults.dataDir),
  store: storeField,
  bus: busField,
  admin_token: token.optional(),
  oidc: oidcField,
  node_auth: z.strictObject({ join_token: token }).optional(),
  tls: z.strictObject({ cert: text, key: text, client_ca: text.optional() }).optional(),
  rollout: z.strictObject({ hold: durationUpTo(dayMs).prefault("0s") }).prefault({}),
  log_level: logLevel.default(processDefaults.logLevel),
});

export function loadControlPlaneConfig(
  input: ProcessConfigInput,
): ProcessConfigResult<ControlPlaneConfig> {
  const result = loadProcessConfig(input, controlPlaneSchema);
  return result.ok ? { ok: true, config: configFrom(result.config) } : result;
}

function configFrom(file: z.output<typeof controlPlaneSchema>): ControlPlaneConfig {
  return {
    region: file.region,
    replica: file.replica,
    listen: file.listen,
    dataDir: file.data_dir,
    store: storeConfigFrom(file.store),
    bus: busConfigFrom(file.bus),
    adminToken: file.admin_token,
    oidc: oidcConfigFrom(file.oidc),
    joinToken: file.node_auth?.join_token,
    tls: file.tls && { cert: file.tls.cert, key: file.tls.key, clientCa: file.tls.client_ca },
    rolloutHoldMs: file.rollout.hold,
    logLevel: file.log_level,
  };
}
