import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Link } from "./link.ts";

/** Where a host and port, as asked for, leads. */
export type Routes = ReadonlyMap<string, Link>;

/** Longer requests are nobody's CONNECT. */
const requestMaxBytes = 4096;

/**
 * An HTTP proxy for one program, which takes CONNECT and leads each address to a link of its own.
 *
 * It makes a link for each pair of programs that have just one address each, as etcd's members do:
 * they are told addresses that exist nowhere, and each of them this proxy of its own in HTTPS_PROXY
 * (which is why they speak TLS: Go asks a proxy for a tunnel only then).
 */
export async function startTunnelProxy(routes: Routes): Promise<TunnelProxy> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new TunnelProxy(server, routes);
}

export class TunnelProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #routes: Routes;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, routes: Routes) {
    this.#server = server;
    this.#routes = routes;
    server.on("connection", (socket) => this.#serve(socket));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening on TCP");
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#track(socket);
    let request = "";
    const onData = (bytes: Buffer): void => {
      request += bytes.toString("latin1");
      const complete = request.endsWith("\r\n\r\n");
      if (!complete && request.length < requestMaxBytes) return;
      socket.off("data", onData);
      this.#answer(socket, /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(request)?.[1]);
    };
    socket.on("data", onData);
  }

  #answer(socket: Socket, address: string | undefined): void {
    const link = address === undefined ? undefined : this.#routes.get(address);
    if (!link) {
      socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const far = connect({ port: link.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.#track(far);
    far.once("connect", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(far);
      far.pipe(socket);
    });
    far.once("close", () => endWith(socket, far));
    socket.once("close", () => endWith(far, socket));
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {}); // Its close tells.
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** A connection that broke off breaks the other off; one that came to its end has been passed on. */
function endWith(other: Socket, closed: Socket): void {
  const ended = closed.readableEnded && closed.writableFinished;
  if (!ended && !other.destroyed) other.resetAndDestroy();
}
