import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type ConnectRouter, createConnectRouter, createContextValues } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  type connectNodeAdapter,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Logger } from "pino";
import { withDiscardedRest } from "./discard-body.ts";
import { type Peer, peerKey } from "./peer.ts";
import { type PeerCertificate, peerCertificateFrom } from "./peer-certificate.ts";
import { withPlainGrpcMessage } from "./plain-grpc-message.ts";

export type NodeHandler = ReturnType<typeof connectNodeAdapter>;
export type NodeRequest = Parameters<NodeHandler>[0];
export type NodeResponse = Parameters<NodeHandler>[1];

export interface RpcHandlerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** What is not a call of ours. */
  readonly fallback: (request: NodeRequest, response: NodeResponse) => void;
  readonly logger: Logger;
}

/**
 * RPCs as a handler of node:http and node:http2. The same as connectNodeAdapter(), but that the
 * peer is known to what handles them, that messages of errors arrive as they were written, and that
 * a lost connection is a log line for those who debug, not text on stderr.
 */
export function rpcHandler({ routes, fallback, logger }: RpcHandlerOptions): NodeHandler {
  const router = createConnectRouter({ acceptCompression: [compressionGzip, compressionBrotli] });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    const handler = handlers.get(path);
    if (!handler) return fallback(request, response);
    const values = createContextValues().set(peerKey, peerFrom(request));
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    handler("stream" in request ? call : withDiscardedRest(call, request, response))
      .then((answer) => universalResponseToNodeResponse(withPlainGrpcMessage(answer), response))
      .catch((err) => logger.debug({ err, path }, "the connection of a call was lost"));
  };
}

function peerFrom(request: NodeRequest): Peer {
  const address = request.socket.remoteAddress ?? "unknown";
  const certificate = certificateOf(request.socket);
  const common = { address, ...(certificate && { certificate }) };
  if (!("stream" in request)) {
    // HTTP/1.1 ends both halves by itself.
    return { ...common, cut: () => request.destroy(), close: () => undefined };
  }
  const { stream } = request;
  return { ...common, cut: () => stream.destroy(), close: () => stream.close() };
}

/** Read once for each connection: it has many calls, and one certificate. */
const certificates = new WeakMap<object, PeerCertificate | undefined>();

function certificateOf(socket: Socket | TLSSocket): PeerCertificate | undefined {
  if (!certificates.has(socket)) certificates.set(socket, peerCertificateFrom(socket));
  return certificates.get(socket);
}
