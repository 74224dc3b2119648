export interface TcpAddress {
  readonly kind: "tcp";
  /** Without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export type ListenAddress = TcpAddress | { readonly kind: "unix"; readonly path: string };

export type ListenAddressResult =
  | { readonly ok: true; readonly address: ListenAddress }
  | { readonly ok: false; readonly message: string };

const portMax = 65_535;

/** The kernel's bound, less the final zero: sun_path in unix(7) has 108 bytes, 104 on macOS. */
const unixPathMaxBytes = 103;

/** `host:port`, `[::1]:8080`, or `unix:/path.sock`. */
export function parseListenAddress(text: string): ListenAddressResult {
  if (text.startsWith("unix:")) return parseUnix(text.slice("unix:".length));
  const parts = /^(?:\[([0-9A-Fa-f:.%A-Za-z0-9]*)\]|([^[\]:/\s]*)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port > portMax) return refuse(`${hintFor(text)}`);
  const host = parts[1] ?? parts[2] ?? "";
  if (host !== "") return { ok: true, address: { kind: "tcp", host, port } };
  return refuse(
    `has no host: write "0.0.0.0:${port}" for every interface, "127.0.0.1:${port}" for this machine only`,
  );
}

/** The inverse of parseListenAddress(). */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

function parseUnix(path: string): ListenAddressResult {
  if (path === "") return refuse('has no path: write "unix:/run/headgate.sock"');
  if (Buffer.byteLength(path) > unixPathMaxBytes) {
    return refuse(`is too long for a socket: its path has at most ${unixPathMaxBytes} bytes`);
  }
  return { ok: true, address: { kind: "unix", path } };
}

function hintFor(text: string): string {
  if (/^\d+$/.test(text)) return `has no host: write "0.0.0.0:${text}" or "127.0.0.1:${text}"`;
  if (/^[0-9A-Fa-f:]+:[0-9A-Fa-f:]*$/.test(text) && text.split(":").length > 2) {
    return 'is an IPv6 address without brackets: write "[::1]:8080"';
  }
  return 'is not an address: write host:port, such as "0.0.0.0:8080", "[::1]:8080", or "unix:/path.sock"';
}

function refuse(message: string): ListenAddressResult {
  return { ok: false, message };
}
