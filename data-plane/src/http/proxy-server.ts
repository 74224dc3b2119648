import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Fault } from "@headgate/core";
import { errorBody } from "../dialects/error-body.ts";
import { errorFields } from "../dialects/error-fields.ts";
import { authenticate } from "../pipeline/authenticate.ts";
import { type Call, ClientWatch } from "../pipeline/call.ts";
import { handleCall, type PipelineDeps } from "../pipeline/handle-call.ts";
import type { ListenOptions } from "../worker-protocol.ts";
import { discardBody } from "./discard-body.ts";
import { createProxyHttpServer } from "./http-server.ts";
import { isAnthropicClient, sendModel, sendModels } from "./list-models.ts";
import { refuseHead } from "./read-body.ts";
import { sendFault, sendJson } from "./respond.ts";
import { type Endpoint, type Route, routeOf } from "./routes.ts";
import { relayStoredResponse } from "./stored-response.ts";

export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
}

/**
 * What clients talk to. Lives from listen() to drained: then it takes no new
 * connections, refuses new calls on those it has, and lets calls under way end.
 */
export class ProxyServer {
  readonly #deps: PipelineDeps;
  readonly #server: Server;
  readonly #calls = new Set<Call>();
  #readiness: Readiness = { ready: false, reason: "starting" };
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(deps: PipelineDeps, tls: ListenOptions["tls"]) {
    this.#deps = deps;
    this.#server = createProxyHttpServer({
      tls,
      handler: (request, response) => this.#handle(request, response),
      refuseUnsent: (request) => refuseHead(request, deps.bodyMaxBytes),
      refuse: (response, fault) => sendFault(response, fault, ["x-request-id", requestId()]),
    });
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  /** Bytes of answers that clients have not fetched yet. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { response } of this.#calls) bytes += response.writableLength;
    return bytes;
  }

  setReadiness(readiness: Readiness): void {
    this.#readiness = readiness;
  }

  /** Resolves to the port (0 for a socket path). Rejects if the address can't be had. */
  listen(options: ListenOptions): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      const listening = (): void => {
        server.off("error", reject);
        const address = server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      };
      if ("socketPath" in options) server.listen({ path: options.socketPath, backlog }, listening);
      else server.listen({ ...options, backlog }, listening);
    });
  }

  /** Take no more; resolves to the number of calls that were cut because `timeoutMs` was up. */
  async drain(timeoutMs: number): Promise<number> {
    this.#draining = true;
    const { clock } = this.#deps;
    this.#server.close();
    const sweep = clock.every(50, () => this.#server.closeIdleConnections());
    const timer = new AbortController();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      if (this.#calls.size === 0) resolve();
    });
    await Promise.race([idle, clock.sleep(timeoutMs, timer.signal)]);
    timer.abort();
    sweep[Symbol.dispose]();
    const cut = this.#calls.size;
    this.#server.closeAllConnections();
    return cut;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    // Writing to a client that has just gone is no fault; its call learns of it by "close".
    response.on("error", ignore);
    const route = routeOf(request.method ?? "", request.url ?? "");
    if (route.kind === "call") void this.#call(route, request, response);
    else void this.#answer(route, request, response);
  }

  async #call(
    { endpoint, model }: Extract<Route, { kind: "call" }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { clock, deadlines, table } = this.#deps;
    const refusal = this.#refusal();
    if (refusal) {
      this.#refuse(response, endpoint, refusal);
      return discardBody(request, deadlines);
    }
    const call: Call = {
      requestId: requestId(),
      endpoint,
      pathModel: model,
      request,
      response,
      startedMs: clock.now(),
      client: new ClientWatch(response),
      stream: false,
      dropped: [],
      answerTextBytes: 0,
      attempts: 0,
      status: 0,
    };
    this.#calls.add(call);
    await handleCall(call, this.#deps);
    this.#calls.delete(call);
    discardBody(request, deadlines);
    if (this.#draining) response.shouldKeepAlive = false;
    if (this.#calls.size === 0) this.#onIdle?.();
    // What a client does not fetch is not kept for it for ever.
    if ((response.socket?.writableLength ?? 0) > 0) {
      const deadlineMs = deadlines.nowMs + table.policy.idleTimeoutMs;
      const giveUp = { deadlineMs, expire: () => void response.destroy() };
      deadlines.add(giveUp);
      response.once("close", () => deadlines.remove(giveUp));
    }
  }

  /** Why calls are refused now, whatever they ask. */
  #refusal(): Fault | undefined {
    if (this.#draining) {
      return new Fault("draining", "This node is shutting down: send the call to another.");
    }
    if (this.#deps.table.version === 0n) {
      return new Fault("not_ready", "This node has not got its configuration yet.");
    }
    return undefined;
  }

  /** Everything that is not a call. */
  async #answer(
    route: Exclude<Route, { kind: "call" }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const id = requestId();
    const headers = ["x-request-id", id];
    const anthropic = isAnthropicClient(request.headers);
    try {
      switch (route.kind) {
        case "live":
          return sendJson(response, 200, { status: "live" }, headers);
        case "ready":
          return this.#ready(response, headers);
        case "models":
        case "model": {
          const refusal = this.#refusal();
          if (refusal) throw refusal;
          const { table } = this.#deps;
          const key = authenticate(request.headers, table);
          const options = { key, table, anthropic, headers };
          if (route.kind === "models") return sendModels(response, options);
          return sendModel(response, route.name, options);
        }
        case "stored_response": {
          const refusal = this.#refusal();
          if (refusal) throw refusal;
          const options = { deps: this.#deps, headers };
          return await relayStoredResponse(route, { request, response }, options);
        }
        case "wrong_method": {
          const message = `Not allowed to ${request.method} on ${request.url}: use ${route.allow}.`;
          headers.push("allow", route.allow);
          throw new Fault("method_not_allowed", message);
        }
        case "unknown": {
          const message = `Unknown URL (${request.method} ${request.url?.slice(0, 256)}): the base URL of clients is this server's with /v1.`;
          throw new Fault("unknown_url", message);
        }
      }
    } catch (reason) {
      const fault = Fault.from(reason);
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (!anthropic) return sendFault(response, fault, headers);
      sendJson(response, fault.status, errorBody("messages", errorFields(fault), id), [
        ...headers,
        "request-id",
        id,
      ]);
    } finally {
      discardBody(request, this.#deps.deadlines);
    }
  }

  #ready(response: ServerResponse, headers: readonly string[]): void {
    const { ready, reason } = this.#draining
      ? { ready: false, reason: "draining" }
      : this.#readiness;
    const body = ready ? { status: "ready" } : { status: "not ready", reason };
    sendJson(response, ready ? 200 : 503, body, headers);
  }

  #refuse(response: ServerResponse, endpoint: Endpoint, fault: Fault): void {
    const id = requestId();
    response.shouldKeepAlive = false;
    sendJson(response, fault.status, errorBody(endpoint, errorFields(fault), id), [
      "x-request-id",
      id,
      "x-headgate-error-source",
      "gateway",
    ]);
  }
}

/** Connections waiting to be accepted. Linux cuts it to net.core.somaxconn (4096). */
const backlog = 4096;

/** Unique, and not to be guessed: 122 random bits, from the pool that Node keeps for UUIDs. */
function requestId(): string {
  return `req_${randomUUID().replaceAll("-", "")}`;
}

/** One function for all, rather than one per call. */
function ignore(): void {}
