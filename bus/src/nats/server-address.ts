export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Whether TLS is insisted on. */
  readonly tls: boolean;
}

const defaultPort = 4222;

/** From "nats://host:port", "tls://host:port" or "host:port". @throws RangeError */
export function serverAddressFrom(server: string): ServerAddress {
  const url = parse(/^[a-z]+:\/\//.test(server) ? server : `nats://${server}`);
  if (url?.username || url?.password) {
    throw new RangeError(
      "a NATS server's address has no user or password: give them as credentials",
    );
  }
  const isAddress = url && ["nats:", "tls:"].includes(url.protocol) && url.hostname !== "";
  if (!isAddress || !["", "/"].includes(url.pathname) || url.port === "0") {
    throw new RangeError(
      `"${server}" is not a NATS server's address, such as "nats://nats-1:4222"`,
    );
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
    tls: url.protocol === "tls:",
  };
}

export function addressText({ host, port }: ServerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
