/** Who may connect: a token, a name with its password, or the public half of an nkey. */
export type NatsAuthorization =
  | { readonly token: string }
  | { readonly user: string; readonly password: string }
  | { readonly nkey: string };

/** File names of PEM. With `clientCa`, clients must show a certificate that it signed. */
export interface NatsTlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

export interface NatsPorts {
  readonly client: number;
  readonly monitor: number;
  readonly cluster: number;
  readonly gateway: number;
}

export interface NatsCluster {
  readonly name: string;
  /**
   * Addresses of the other servers' cluster ports, such as "127.0.0.1:6222". None: a cluster of one,
   * which JetStream only takes with a route to itself; that is added.
   */
  readonly routes?: readonly string[];
  /** What other servers are told to dial instead of the port itself. */
  readonly advertise?: string;
}

export interface NatsGateway {
  /** Must be the cluster's name. */
  readonly name: string;
  /** The gateways of other clusters, as this server dials them: a proxy's address if you like. */
  readonly remotes: readonly { readonly name: string; readonly address: string }[];
  /**
   * What other clusters are told to dial. They try it beside `remotes`, so with proxies between
   * clusters give an address where nobody listens. Default: the port itself.
   */
  readonly advertise?: string;
}

export interface NatsConfig {
  readonly name: string;
  readonly ports: NatsPorts;
  readonly storeDir: string;
  /** Whether JetStream is on. */
  readonly jetStream: boolean;
  /** From 2.10. Before, what is acknowledged is on disk only minutes later. */
  readonly knowsSyncInterval: boolean;
  readonly cluster?: NatsCluster;
  readonly gateway?: NatsGateway;
  readonly authorization?: NatsAuthorization;
  readonly tls?: NatsTlsFiles;
  /** Lines of configuration as they are. */
  readonly more?: string;
}

/** The server's configuration file. Source: https://docs.nats.io/running-a-nats-service/configuration */
export function natsConfig(config: NatsConfig): string {
  const { name, ports, cluster, gateway, authorization, tls, more } = config;
  const blocks = [
    `server_name: ${quoted(name)}`,
    `listen: "127.0.0.1:${ports.client}"`,
    `http: "127.0.0.1:${ports.monitor}"`,
    ...(config.jetStream ? [jetStreamBlock(config)] : []),
    ...(cluster ? [clusterBlock(cluster, ports.cluster)] : []),
    ...(gateway ? [gatewayBlock(gateway, ports.gateway)] : []),
    ...(authorization ? [authorizationBlock(authorization)] : []),
    ...(tls ? [tlsBlock(tls)] : []),
    ...(more === undefined ? [] : [more]),
  ];
  return `${blocks.join("\n")}\n`;
}

function jetStreamBlock({ storeDir, knowsSyncInterval }: NatsConfig): string {
  const sync = knowsSyncInterval ? "\n  sync_interval: always" : "";
  return `jetstream {\n  store_dir: ${quoted(storeDir)}${sync}\n}`;
}

function clusterBlock({ name, routes = [], advertise }: NatsCluster, port: number): string {
  const addresses = routes.length === 0 ? [`127.0.0.1:${port}`] : routes;
  const urls = addresses.map((address) => quoted(`nats://${address}`)).join(", ");
  return [
    "cluster {",
    `  name: ${quoted(name)}`,
    `  listen: "127.0.0.1:${port}"`,
    `  routes: [${urls}]`,
    "  no_advertise: true",
    ...(advertise === undefined ? [] : [`  cluster_advertise: ${quoted(advertise)}`]),
    "}",
  ].join("\n");
}

function gatewayBlock({ name, remotes, advertise }: NatsGateway, port: number): string {
  return [
    "gateway {",
    `  name: ${quoted(name)}`,
    `  listen: "127.0.0.1:${port}"`,
    ...(advertise === undefined ? [] : [`  advertise: ${quoted(advertise)}`]),
    "  gateways: [",
    ...remotes.map(
      (remote) => `    {name: ${quoted(remote.name)}, url: ${quoted(`nats://${remote.address}`)}}`,
    ),
    "  ]",
    "}",
  ].join("\n");
}

function authorizationBlock(authorization: NatsAuthorization): string {
  if ("token" in authorization) return `authorization { token: ${quoted(authorization.token)} }`;
  if ("nkey" in authorization) {
    return `authorization { users: [{nkey: ${quoted(authorization.nkey)}}] }`;
  }
  const { user, password } = authorization;
  return `authorization { user: ${quoted(user)}, password: ${quoted(password)} }`;
}

function tlsBlock({ cert, key, clientCa }: NatsTlsFiles): string {
  const verify = clientCa === undefined ? "" : `\n  ca_file: ${quoted(clientCa)}\n  verify: true`;
  return `tls {\n  cert_file: ${quoted(cert)}\n  key_file: ${quoted(key)}${verify}\n}`;
}

function quoted(value: string): string {
  return JSON.stringify(value);
}
