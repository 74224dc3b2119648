import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface EtcdOptions {
  /** Unique in the cluster. Default "m0". */
  readonly name?: string;
  /** Where data survives a restart. Default: a temporary folder, removed at the end. */
  readonly folder?: string;
  /** What clients are told to use, when it is not the address listened on (a proxy in front). */
  readonly advertiseClientUrl?: string;
  /** Where other members reach this one, when it is not the address listened on. */
  readonly advertisePeerUrl?: string;
  /** Default: free ports of 127.0.0.1, the same over restarts. */
  readonly clientPort?: number;
  readonly peerPort?: number;
  /** Advertised peer URL of every member by name. Default: this one alone. */
  readonly cluster?: Readonly<Record<string, string>>;
  /** Default 50 and 250: a leader within half a second. More for slow links. */
  readonly heartbeatMs?: number;
  readonly electionMs?: number;
  /** Bound of the database. Default: etcd's, 2 GiB. */
  readonly quotaBytes?: number;
  /** TLS for clients. PEM texts. */
  readonly tls?: EtcdTls;
  /** TLS between members. PEM texts; `ca` is whom they trust. */
  readonly peerTls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Ask for a password: user "root" has this one. */
  readonly rootPassword?: string;
  /** More flags, such as `--auth-token-ttl=5`. */
  readonly flags?: readonly string[];
  /** More environment, such as HTTP_PROXY for the links between members. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long `start` waits for health. Default 20 s. */
  readonly readyWithinMs?: number;
}

export interface EtcdTls {
  readonly cert: string;
  readonly key: string;
  /** Clients must have a certificate of this authority. */
  readonly clientCa?: string;
}

/** An EtcdOptions with all that must stay the same over restarts. */
export interface EtcdSettings extends EtcdOptions {
  readonly name: string;
  readonly folder: string;
  /** The folder is ours to remove. */
  readonly temporary: boolean;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** The command line of one member. */
export function etcdFlags(settings: EtcdSettings): string[] {
  const { name, folder, clientUrl, peerUrl, heartbeatMs = 50, electionMs = 250 } = settings;
  const advertisedPeer = settings.advertisePeerUrl ?? peerUrl;
  const cluster = Object.entries(settings.cluster ?? { [name]: advertisedPeer });
  return [
    `--name=${name}`,
    `--data-dir=${folder}/data`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${settings.advertiseClientUrl ?? clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${advertisedPeer}`,
    `--initial-cluster=${cluster.map(([member, url]) => `${member}=${url}`).join(",")}`,
    `--listen-metrics-urls=http://127.0.0.1:${settings.metricsPort}`,
    `--heartbeat-interval=${heartbeatMs}`,
    `--election-timeout=${electionMs}`,
    ...(settings.quotaBytes === undefined ? [] : [`--quota-backend-bytes=${settings.quotaBytes}`]),
    ...tlsFlags(settings),
    ...peerTlsFlags(settings),
    ...(settings.flags ?? []),
  ];
}

function peerTlsFlags({ peerTls, folder }: EtcdSettings): string[] {
  if (!peerTls) return [];
  const files = { cert: "peer-cert", key: "peer-key", "trusted-ca": "peer-ca" };
  const flags = Object.entries(files).map(
    ([flag, file]) => `--peer-${flag}-file=${folder}/${file}.pem`,
  );
  return [...flags, "--peer-client-cert-auth"];
}

function tlsFlags({ tls, folder }: EtcdSettings): string[] {
  if (!tls) return [];
  const flags = [`--cert-file=${folder}/cert.pem`, `--key-file=${folder}/key.pem`];
  if (tls.clientCa === undefined) return flags;
  return [...flags, "--client-cert-auth", `--trusted-ca-file=${folder}/client-ca.pem`];
}

const run = promisify(execFile);
const known = new Map<string, Promise<string[]>>();

/** `--unsafe-no-fsync` where this etcd has it (3.4.10 and newer): tests kill processes, not power. */
export function noFsyncFlag(program: string): Promise<string[]> {
  const flag = "--unsafe-no-fsync";
  const found =
    known.get(program) ??
    run(program, [flag, "--version"]).then(
      () => [flag],
      () => [],
    );
  known.set(program, found);
  return found;
}
