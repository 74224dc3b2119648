import type { ListenAddress } from "@headgate/config";

/** What to put before a path: `http://127.0.0.1:8080`. A wildcard address is shown as the loopback. */
export function addressUrl(address: ListenAddress, scheme: "http" | "https" = "http"): string {
  if (address.kind === "unix") return `${scheme}+unix://${address.path}`;
  return `${scheme}://${reachableHost(address.host)}:${address.port}`;
}

function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
