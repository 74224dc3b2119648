import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { TcpAddress } from "@headgate/config";
import type { Logger } from "pino";
import { systemFailure } from "../workers/assert-address-free.ts";
import { ListenError } from "../workers/listen-error.ts";
import { metricsContentType } from "./metrics-text.ts";

/** Pages for machines and operators. Each is made when asked for. */
export interface TelemetryPages {
  readonly metricsText: () => Promise<string>;
  readonly health: () => NodeHealth;
  readonly debugSnapshot: () => DebugSnapshot;
}

export interface NodeHealth {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reasons: readonly string[];
  readonly snapshotVersion: bigint;
  readonly controlPlaneConnected: boolean;
}

/** Names and revisions, never contents: those hold secrets. */
export interface DebugSnapshot {
  readonly version: bigint;
  readonly stateHash: bigint;
  readonly resources: Iterable<{ kind: string; name: string; revision: bigint }>;
}

export interface TelemetryServerOptions {
  readonly listen: TcpAddress;
  readonly pages: TelemetryPages;
  readonly logger: Logger;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * The node's own port: `/metrics`, `/health/live`, `/health/ready`, `/debug/snapshot`. Has no
 * authentication, so it listens on the loopback unless told otherwise.
 */
export class TelemetryServer {
  readonly #options: TelemetryServerOptions;
  readonly #server: Server;

  constructor(options: TelemetryServerOptions) {
    this.#options = options;
    this.#server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8 * 1024 },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = 100;
  }

  /**
   * Resolves with the address in force.
   *
   * @throws ListenError
   */
  async start(): Promise<TcpAddress> {
    const { listen } = this.#options;
    try {
      this.#server.listen({ host: listen.host, port: listen.port });
      await once(this.#server, "listening");
    } catch (reason) {
      throw new ListenError({ listener: "telemetry", address: listen, ...systemFailure(reason) });
    }
    const bound = this.#server.address();
    return typeof bound === "object" && bound ? { ...listen, port: bound.port } : listen;
  }

  /** Safe to call repeatedly. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, contentType, body } = await this.#page(request);
    response.writeHead(status, {
      "content-type": contentType,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #page(request: IncomingMessage): Promise<Page> {
    try {
      return await this.#find(request);
    } catch (reason) {
      this.#options.logger.error({ err: reason, path: request.url }, "a telemetry page failed");
      return json(500, { error: "the page failed; the log says why" });
    }
  }

  async #find({ method, url = "/" }: IncomingMessage): Promise<Page> {
    const { metricsText, health, debugSnapshot } = this.#options.pages;
    if (method !== "GET" && method !== "HEAD") {
      return json(405, { error: `method ${method} is not supported, use GET` });
    }
    const [path] = url.split("?", 1);
    switch (path) {
      case "/metrics":
        return { status: 200, contentType: metricsContentType, body: await metricsText() };
      case "/health/live":
        return json(200, { status: "live" });
      case "/health/ready":
        return readyPage(health());
      case "/debug/snapshot":
        return snapshotPage(debugSnapshot());
      default:
        return json(404, { error: `no page ${path}`, pages });
    }
  }
}

const pages = ["/metrics", "/health/live", "/health/ready", "/debug/snapshot"];

function readyPage({ ready, reasons, snapshotVersion, controlPlaneConnected }: NodeHealth): Page {
  return json(ready ? 200 : 503, {
    status: ready ? "ready" : "not_ready",
    reasons,
    snapshot_version: String(snapshotVersion),
    control_plane_connected: controlPlaneConnected,
  });
}

function snapshotPage({ version, stateHash, resources }: DebugSnapshot): Page {
  return json(200, {
    version: String(version),
    state_hash: stateHash.toString(16).padStart(16, "0"),
    resources: Array.from(resources, ({ kind, name, revision }) => ({
      kind,
      name,
      revision: String(revision),
    })),
  });
}

function json(status: number, body: object): Page {
  return { status, contentType: "application/json; charset=utf-8", body: JSON.stringify(body) };
}
