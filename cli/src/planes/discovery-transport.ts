import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** How long a dead control plane, or a network that swallows packets, goes unnoticed. */
const pingIntervalMs = 20_000;
const pingTimeoutMs = 10_000;

/** A snapshot of a hundred thousand keys is some 30 MiB; larger answers are refused unread. */
const answerMaxBytes = 256 * 1024 * 1024;

export interface DiscoveryTransportOptions {
  /** Such as `https://control.example:18000`. */
  readonly endpoint: string;
  readonly joinToken: string | undefined;
  /** PEM text of a private authority. */
  readonly ca: string | undefined;
}

/** gRPC over HTTP/2 to one replica of the control plane. */
export function discoveryTransport(options: DiscoveryTransportOptions): Transport {
  const { endpoint, joinToken, ca } = options;
  return createGrpcTransport({
    baseUrl: endpoint.replace(/\/+$/, ""),
    pingIntervalMs,
    pingTimeoutMs,
    readMaxBytes: answerMaxBytes,
    ...(ca !== undefined && { nodeOptions: { ca } }),
    interceptors: joinToken === undefined ? [] : [bearer(joinToken)],
  });
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
