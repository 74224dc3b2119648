import { join } from "node:path";
import { z } from "zod";
import { processDefaults } from "./defaults.ts";
import { bus, logLevel, notHonouredYet, region, tcpAddress, text, token } from "./fields.ts";
import type { TcpAddress } from "./listen-address.ts";
import {
  loadProcessConfig,
  type ProcessConfigInput,
  type ProcessConfigResult,
} from "./load-process-config.ts";

/** control-plane.yaml, with defaults filled in. Paths are as written. */
export interface ControlPlaneConfig {
  readonly region: string;
  readonly listen: { readonly admin: TcpAddress; readonly grpc: TcpAddress };
  /** Holds the store, the master key and the admin token. */
  readonly dataDir: string;
  /** File of the embedded store. */
  readonly storePath: string;
  /** Absent: kept in the data directory. */
  readonly adminToken: string | undefined;
  /** What nodes show. Absent: only nodes on this machine are let in. */
  readonly joinToken: string | undefined;
  /** Files in PEM, for both listeners. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly logLevel: z.output<typeof logLevel>;
}

const defaults = processDefaults.controlPlane;

const schema = z.strictObject({
  region,
  listen: z
    .strictObject({
      admin: tcpAddress.prefault(defaults.adminAddress),
      grpc: tcpAddress.prefault(defaults.grpcAddress),
    })
    .prefault({}),
  data_dir: text.default(defaults.dataDir),
  store: z
    .strictObject({
      embedded: z.strictObject({ path: text.optional() }).optional(),
      etcd: notHonouredYet("etcd", "use embedded"),
    })
    .optional(),
  bus,
  admin_token: token.optional(),
  node_auth: z.strictObject({ join_token: token }).optional(),
  tls: z
    .strictObject({ cert: text, key: text, client_ca: notHonouredYet("client_ca", "remove it") })
    .optional(),
  log_level: logLevel.default(processDefaults.logLevel),
});

export function loadControlPlaneConfig(
  input: ProcessConfigInput,
): ProcessConfigResult<ControlPlaneConfig> {
  const result = loadProcessConfig(input, schema);
  return result.ok ? { ok: true, config: configFrom(result.config) } : result;
}

function configFrom(file: z.output<typeof schema>): ControlPlaneConfig {
  return {
    region: file.region,
    listen: file.listen,
    dataDir: file.data_dir,
    storePath: file.store?.embedded?.path ?? join(file.data_dir, defaults.storeFile),
    adminToken: file.admin_token,
    joinToken: file.node_auth?.join_token,
    tls: file.tls && { cert: file.tls.cert, key: file.tls.key },
    logLevel: file.log_level,
  };
}
