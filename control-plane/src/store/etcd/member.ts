import { Etcd3, type IOptions } from "etcd3";
import type { EtcdStoreSettings } from "./etcd-store-options.ts";

/** gRPC's options of one call. */
export type CallOptions = NonNullable<Parameters<Etcd3["kv"]["range"]>[1]>;

type Policy = NonNullable<NonNullable<IOptions["faultHandling"]>["global"]>;

/**
 * Larger than any one value, so that a page of one entry always fits, and bounded, so that a page of
 * many does not fill the memory.
 */
const messageBytesMax = 16 * 1024 * 1024;

const channelOptions = {
  // A connection whose other end is gone without a word is noticed, while calls wait on it. etcd
  // allows a ping every 5 s.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // gRPC would wait up to two minutes before it looks again for a member that was away.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.max_receive_message_length": messageBytesMax,
  // Members are named by their addresses; a web proxy of the environment is not for them.
  "grpc.enable_http_proxy": 0,
  "grpc.enable_channelz": 0,
};

/**
 * etcd3's retries, which repeat writes whose outcome is unknown, and its circuit breakers, which
 * refuse calls for 5 s after a member came back, are replaced by none: EtcdCluster decides.
 */
const passThrough = {
  execute: async <T>(work: (context: { signal: AbortSignal }) => T | PromiseLike<T>) =>
    await work({ signal: new AbortController().signal }),
  onSuccess: () => ({ dispose: () => {} }),
  onFailure: () => ({ dispose: () => {} }),
  // Its `_altReturn` exists in types only.
} as unknown as Policy;

/** One member of etcd, with a client of its own: so it is known which one answered, and which not. */
export class Member {
  readonly host: string;
  readonly client: Etcd3;
  /** It failed to answer, and was not heard of since: used when there is no other. */
  suspect = false;
  /** When it answered last, by the monotonic clock. */
  answeredAtMs = Number.NEGATIVE_INFINITY;

  constructor(host: string, { tls }: Pick<EtcdStoreSettings, "tls">) {
    this.host = host;
    this.client = new Etcd3({
      hosts: [host],
      grpcOptions: channelOptions,
      faultHandling: { host: () => passThrough, global: passThrough },
      ...(tls && { credentials: credentialsFrom(tls) }),
    });
  }

  close(): void {
    this.client.close();
  }
}

function credentialsFrom({ ca, cert, key }: NonNullable<EtcdStoreSettings["tls"]>) {
  return {
    rootCertificate: Buffer.from(ca),
    ...(cert !== undefined && { certChain: Buffer.from(cert) }),
    ...(key !== undefined && { privateKey: Buffer.from(key) }),
  };
}
