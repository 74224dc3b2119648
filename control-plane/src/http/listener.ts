import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import { isIPv6, type Socket } from "node:net";
import type { Clock } from "@headgate/core";

export interface ListenAt {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: TlsTexts;
}

/** PEM texts. */
export interface TlsTexts {
  /** The server's own first, then those between it and the authority. */
  readonly cert: string;
  readonly key: string;
  /** Who signs clients' certificates. Absent: clients are not asked for one. */
  readonly clientCa?: string;
}

export interface BoundAddress {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8081` */
  readonly url: string;
}

export interface Listener {
  readonly address: BoundAddress;
  /** Accept no more; connections still open after a while are cut. */
  stop(): Promise<void>;
}

type Server = HttpServer | Http2Server | Http2SecureServer;

/** A peer that vanished without a word is noticed after about this long. */
const keepAliveMs = 30_000;
const stopGraceMs = 2_000;
const connectionsMax = 20_000;

/** @throws what listen() reports, such as EADDRINUSE. */
export async function listen(server: Server, at: ListenAt, clock: Clock): Promise<Listener> {
  const sockets = new Set<Socket>();
  const sessions = new Set<{ close(): void }>();
  server.maxConnections = connectionsMax;
  server.on("connection", (socket: Socket) => {
    socket.setKeepAlive(true, keepAliveMs);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session: { close(): void; once(event: "close", f: () => void): void }) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.listen(at.port, at.host);
  await once(server, "listening");
  return {
    address: boundAddress(server, at),
    stop: async () => {
      const closed = new AbortController();
      server.close(() => closed.abort());
      for (const session of sessions) session.close();
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      await clock.sleep(stopGraceMs, closed.signal);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function boundAddress(server: Server, { host, port, tls }: ListenAt): BoundAddress {
  const address = server.address();
  const boundPort = address !== null && typeof address === "object" ? address.port : port;
  const shownHost = isIPv6(host) ? `[${host}]` : host;
  return { host, port: boundPort, url: `${tls ? "https" : "http"}://${shownHost}:${boundPort}` };
}
