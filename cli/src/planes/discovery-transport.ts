import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { TlsTexts } from "../read-tls.ts";

/** How long a dead control plane, or a network that swallows packets, goes unnoticed. */
const pingIntervalMs = 20_000;
const pingTimeoutMs = 10_000;

/** A snapshot of a hundred thousand keys is some 30 MiB; larger answers are refused unread. */
const answerMaxBytes = 256 * 1024 * 1024;

/** Megabytes. By Node's default of 10, a full snapshot under way keeps other streams from opening. */
const sessionMemoryMax = 64;

export interface DiscoveryTransportOptions {
  /** Such as `https://control.example:18000`. */
  readonly endpoint: string;
  /** What the node trusts, and shows. */
  readonly tls: TlsTexts;
  readonly interceptors?: readonly Interceptor[];
}

/** gRPC over HTTP/2 to one replica of the control plane. */
export function discoveryTransport(options: DiscoveryTransportOptions): Transport {
  const { endpoint, tls, interceptors = [] } = options;
  return createGrpcTransport({
    baseUrl: endpoint.replace(/\/+$/, ""),
    pingIntervalMs,
    pingTimeoutMs,
    readMaxBytes: answerMaxBytes,
    // A full snapshot is compressed for each node anew, and most of it is hashes.
    acceptCompression: [],
    nodeOptions: { ...tls, maxSessionMemory: sessionMemoryMax },
    interceptors: [...interceptors],
  });
}
