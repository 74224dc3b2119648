import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { Fault } from "@headgate/core";
import type { ListenOptions } from "../worker-protocol.ts";

export interface HttpServerOptions {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Called where a client waits for "100 Continue" before it sends its body: the fault with which
   * to refuse it, if any.
   */
  readonly refuseUnsent: (request: IncomingMessage) => Fault | undefined;
  readonly refuse: (response: ServerResponse, fault: Fault) => void;
  readonly tls: ListenOptions["tls"];
}

/** The HTTP/1.1 server of a worker, bounded in headers and time; what it refuses it refuses in OpenAI's shape. */
export function createProxyHttpServer(options: HttpServerOptions): Server {
  const { tls, handler, refuse, refuseUnsent } = options;
  const server = tls
    ? createTlsServer({ ...serverOptions, ...tls, ALPNProtocols: ["http/1.1"] })
    : createServer(serverOptions);
  server.on("request", handler);
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    const fault = refuseUnsent(request);
    if (fault) {
      // The body will not come, so the connection can't be used for another request.
      response.shouldKeepAlive = false;
      return refuse(response, fault);
    }
    response.writeContinue();
    handler(request, response);
  });
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false;
    const message = "The only expectation that can be met is 'Expect: 100-continue'.";
    refuse(response, new Fault("invalid_http", message));
  });
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => {});
    const message = "CONNECT is not allowed: this server is no forward proxy.";
    endWith(socket, new Fault("method_not_allowed", message));
  });
  server.on("clientError", refuseGarbage);
  server.on("tlsClientError", () => {});
  return server;
}

const serverOptions: ServerOptions = {
  // Load balancers keep idle connections for 60 s; whoever closes first must not be us.
  keepAliveTimeout: 75_000,
  headersTimeout: 30_000,
  // The time to send a whole request: 32 MiB at 1 Mbit/s.
  requestTimeout: 300_000,
  connectionsCheckingInterval: 5_000,
  // An answer of ours to a request without Host is in the right shape, and harms no one.
  requireHostHeader: false,
  noDelay: true,
};

/** Bytes that are not HTTP, or smell of smuggling. There is no request to answer: write and close. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  endWith(socket, faultOf(error.code));
}

function endWith(socket: Duplex, fault: Fault): void {
  const body = JSON.stringify(fault.body);
  socket.end(
    [
      `HTTP/1.1 ${fault.status} ${reasons[fault.status] ?? "Bad Request"}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      "x-headgate-error-source: gateway",
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

function faultOf(code: string | undefined): Fault {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Fault("headers_too_large", "The request's headers are larger than 16 KiB.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Fault("request_timeout", "The request did not arrive in time.");
    default:
      return new Fault("invalid_http", `The request is not valid HTTP/1.1 (${code ?? "unknown"}).`);
  }
}

const reasons: Readonly<Record<number, string>> = {
  405: "Method Not Allowed",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};
