import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
} from "node:http2";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { TlsTexts } from "./listener.ts";
import type { NodeHandler } from "./node-adapter.ts";
import { secureContextFrom } from "./tls-reload.ts";

/** Slow senders are cut off: a request is there after a minute or not at all. */
const requestTimeouts = { headersTimeout: 10_000, requestTimeout: 60_000 };

const http2Settings = {
  /** One node needs few streams; this is for tools that open many calls at once. */
  settings: { maxConcurrentStreams: 256 },
  /**
   * In megabytes, for one connection, of what waits to be read by its peer. Beyond, new calls are
   * refused (ENHANCE_YOUR_CALM): with Node's 10, a full snapshot under way would keep a node from
   * opening its other streams.
   */
  maxSessionMemory: 64,
};

/** For the admin port. @throws what TLS says of a bad certificate or key. */
export function createHttp1Server(
  tls: TlsTexts | undefined,
  handler: NodeHandler,
): HttpServer | HttpsServer {
  return tls
    ? createHttpsServer({ ...tlsOptions(tls), ...requestTimeouts }, handler)
    : createHttpServer(requestTimeouts, handler);
}

/** For the gRPC port. @throws as createHttp1Server(). */
export function createHttp2PortServer(
  tls: TlsTexts | undefined,
  handler: NodeHandler,
): Http2Server | Http2SecureServer {
  return tls
    ? createSecureServer({ ...tlsOptions(tls), ...http2Settings }, handler)
    : createHttp2Server(http2Settings, handler);
}

/**
 * Clients are asked for a certificate if there is an authority to check it by, and the handshake is
 * completed with whatever they show, or nothing: who is let in is decided where it can be said why,
 * and put into the audit log (see peer-certificate.ts). A TLS alert would do neither.
 */
function tlsOptions(tls: TlsTexts) {
  const asksClients = tls.clientCa !== undefined;
  return { ...secureContextFrom(tls), requestCert: asksClients, rejectUnauthorized: false };
}
