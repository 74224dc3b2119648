import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";
import { waitMs, withDeadline } from "./deadline.ts";
import { openAiAnswers } from "./openai-answers.ts";
import { type ProviderRequest, receiveRequest } from "./provider-request.ts";
import { sendAnswer } from "./send-answer.ts";
import { Watchers } from "./watchers.ts";

/** An answer, or how to choose one for a request. */
export type Behaviour = Answer | ((request: ProviderRequest) => Answer | Promise<Answer>);

export interface FakeProviderOptions {
  /** What to do when nothing is scripted. Default: answer like the OpenAI API. */
  readonly behaviour?: Behaviour;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Listen here instead of on a free loopback port. */
  readonly socketPath?: string;
}

/** Starts a provider on a free loopback port (or Unix socket). Dispose of it after the test. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const server = options.tls ? createTlsServer(options.tls) : createServer();
  const provider = new FakeProvider(server, options);
  if (options.socketPath) server.listen(options.socketPath);
  else server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return provider;
}

/**
 * An HTTP server that plays a provider: it answers as scripted, or by its behaviour, keeps every
 * request it got, and knows when callers went away. All waiting is by events, with a deadline.
 */
export class FakeProvider implements AsyncDisposable {
  readonly requests: ProviderRequest[] = [];
  readonly #server: Server;
  readonly #scheme: string;
  readonly #sockets = new Set<Socket>();
  readonly #script: Behaviour[] = [];
  readonly #watchers = new Watchers();
  #behaviour: Behaviour;
  #released = Promise.withResolvers<void>();
  #active = 0;

  constructor(server: Server, options: FakeProviderOptions) {
    this.#server = server;
    this.#scheme = options.tls ? "https" : "http";
    this.#behaviour = options.behaviour ?? openAiAnswers();
    // Slow heads and held answers are the point here: Node's own timeouts must not end them.
    server.requestTimeout = 0;
    server.headersTimeout = 0;
    server.keepAliveTimeout = 0;
    server.on("connection", (socket: Socket) => this.#track(socket));
    server.on("request", (request, response) => void this.#serve(request, response));
  }

  /** `http://127.0.0.1:PORT`; the socket path when it listens on one. */
  get origin(): string {
    const address = this.#server.address();
    if (typeof address === "string") return address;
    if (address === null) throw new Error("the fake provider is not listening");
    return `${this.#scheme}://127.0.0.1:${address.port}`;
  }

  /** The origin with `/v1`, as a provider's base_url wants it. */
  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Answers begun and neither finished nor given up. */
  get activeAnswers(): number {
    return this.#active;
  }

  /** The next requests get these, one each, before the behaviour applies again. */
  script(...answers: readonly Behaviour[]): void {
    this.#script.push(...answers);
  }

  /** The next `times` requests get `failure`. */
  failTimes(times: number, failure: Answer): void {
    this.script(...Array.from({ length: times }, () => failure));
  }

  setBehaviour(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  /** Lets every answer with `hold` go on, present ones and later ones apart. */
  release(): void {
    this.#released.resolve();
    this.#released = Promise.withResolvers<void>();
  }

  /** Forgets requests and script, for tests that share one provider. */
  reset(): void {
    this.requests.length = 0;
    this.#script.length = 0;
    this.release();
  }

  /** Resolves once `count` requests have arrived in full. */
  async waitFor(count: number, withinMs = waitMs): Promise<readonly ProviderRequest[]> {
    const enough = () => this.requests.length >= count;
    const what = () => `request ${count} at the fake provider; it has ${this.requests.length}`;
    await this.#watchers.until(enough, what, withinMs);
    return this.requests;
  }

  /** Resolves once no answer is under way any more. */
  async waitForIdle(withinMs = waitMs): Promise<void> {
    const what = () => `${this.#active} answers of the fake provider to end`;
    await this.#watchers.until(() => this.#active === 0, what, withinMs);
  }

  /** Resolves once at most `count` connections are open. */
  async waitForSockets(count: number, withinMs = waitMs): Promise<void> {
    const what = () => `at most ${count} open sockets; there are ${this.#sockets.size}`;
    await this.#watchers.until(() => this.#sockets.size <= count, what, withinMs);
  }

  /** Resolves once the caller of `request` went away before its answer was complete. */
  async waitForClose(request: ProviderRequest, withinMs = waitMs): Promise<number> {
    const closed = () => request.closedAtMs !== undefined;
    await this.#watchers.until(closed, `the caller of ${request.path} to close`, withinMs);
    return request.closedAtMs ?? 0;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await withDeadline(closed, "the fake provider to close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // Callers may vanish in any way they like.
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#watchers.changed();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    this.#active += 1;
    response.once("close", () => {
      this.#active -= 1;
      this.#watchers.changed();
    });
    const received = await receiveRequest(request, response, () => this.#watchers.changed());
    this.requests.push(received);
    const behaviour = this.#script.shift() ?? this.#behaviour;
    this.#watchers.changed();
    // Its caller left before the body was here: there is nothing to answer, and nobody.
    if (received.gone.aborted) return;
    const answer = typeof behaviour === "function" ? await behaviour(received) : behaviour;
    if (answer.hold) await this.#held(received.gone);
    await sendAnswer(response, answer, received.gone);
  }

  async #held(gone: AbortSignal): Promise<void> {
    const leaving = Promise.withResolvers<void>();
    gone.addEventListener("abort", () => leaving.resolve(), { once: true });
    if (gone.aborted) return;
    await Promise.race([this.#released.promise, leaving.promise]);
  }
}
