import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { LinkConnection, type LinkTarget, type LinkTraffic } from "./link-connection.ts";
import { checkShape, type Shape, unshaped } from "./shape.ts";

export type CutMode = "drop" | "reset";

export interface Cut {
  /**
   * `drop`: like lost packets. Connections stay open, no byte, end or reset passes; new connections
   * are taken and stall. After the heal all of it goes on. `reset`: connections end with RST, and so
   * do new ones. Default `drop`.
   */
  readonly mode?: CutMode;
  /**
   * Only for `drop`: `there` loses what goes to the target, `back` what comes from it. The other way
   * still passes on open connections; new ones stall, since a handshake needs both. Default `both`.
   */
  readonly way?: "there" | "back" | "both";
}

export interface LinkOptions {
  /** Where connections lead; without one they are reset, as to a port where nobody listens. */
  readonly target?: LinkTarget;
  /** Default: a free one. */
  readonly port?: number;
}

export interface LinkCounters {
  readonly accepted: number;
  readonly bytesThere: number;
  readonly bytesBack: number;
  /** Of the accepted ones: ended by the link itself because they were too many. */
  readonly refused: number;
}

export type LinkState = "up" | "slow" | "cut";

/** Connections of one link at a time. Over this the longest stalled one goes, else the newest. */
export const linkMaxConnections = 512;

/** Starts a link on a free loopback port. */
export async function startLink(options: LinkOptions = {}): Promise<Link> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return new Link(server, options.target);
}

/** A stretch of network that can be cut, one way or both, and slowed: a TCP proxy on loopback. */
export class Link implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<LinkConnection>();
  readonly #counters = { accepted: 0, bytesThere: 0, bytesBack: 0, refused: 0 };
  readonly port: number;
  #target: LinkTarget | undefined;
  #cut: CutMode | undefined;
  #traffic: LinkTraffic = { there: true, back: true, shape: unshaped };

  constructor(server: Server, target: LinkTarget | undefined) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening on TCP");
    this.#server = server;
    this.port = address.port;
    this.#target = target;
    server.on("connection", (near) => this.#accept(near));
  }

  /** `127.0.0.1:PORT`, for as long as the link lives. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get counters(): LinkCounters {
    return { ...this.#counters };
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  get state(): LinkState {
    if (this.#cut) return "cut";
    return this.#traffic.shape === unshaped ? "up" : "slow";
  }

  /** Where connections lead from now on; those that stand stay. */
  retarget(target: LinkTarget | undefined): void {
    this.#target = target;
  }

  cut({ mode = "drop", way = "both" }: Cut = {}): void {
    this.#cut = mode;
    if (mode === "reset") {
      this.#spread({ there: true, back: true });
      for (const connection of this.#connections) connection.reset();
      return;
    }
    this.#spread({ there: way === "back", back: way === "there" });
  }

  /** Undoes `cut`; a slow link stays slow. */
  heal(): void {
    this.#cut = undefined;
    this.#spread({ there: true, back: true });
  }

  /** Without a shape, full speed again. @throws RangeError for one out of range. */
  slow(shape: Shape | undefined): void {
    this.#spread({ shape: shape ? checkShape(shape) : unshaped });
  }

  /** Ends all connections with RST and stops listening. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.reset();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #spread(change: Partial<LinkTraffic>): void {
    this.#traffic = { ...this.#traffic, ...change };
    for (const connection of this.#connections) connection.setTraffic(this.#traffic);
  }

  #accept(near: Socket): void {
    this.#counters.accepted += 1;
    if (this.#cut === "reset") return void near.resetAndDestroy();
    if (!this.#makeRoom()) {
      near.resetAndDestroy();
      return;
    }
    const connection: LinkConnection = new LinkConnection(near, {
      traffic: this.#traffic,
      target: () => this.#target,
      onBytes: (way, count) => {
        this.#counters[way === "there" ? "bytesThere" : "bytesBack"] += count;
      },
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    connection.open();
  }

  /** Clients that retry into a long cut leave stalled connections behind, unnoticed by design. */
  #makeRoom(): boolean {
    if (this.#connections.size < linkMaxConnections) return true;
    this.#counters.refused += 1;
    const stalled = [...this.#connections].find((connection) => connection.stalled);
    stalled?.reset();
    return stalled !== undefined;
  }
}
