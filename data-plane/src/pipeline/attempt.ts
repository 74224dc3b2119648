import { Readable } from "node:stream";
import { type Clock, Fault } from "@headgate/core";
import type { Dispatcher, errors } from "undici";
import type { ErrorAnswer } from "../providers/api-error.ts";
import type { Deployment, RoutedPolicy } from "../routing/routed.ts";
import type { Deadline, Deadlines } from "../upstream/deadlines.ts";
import type { Call } from "./call.ts";
import { EventStreamAnswer } from "./event-stream-answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { PlainAnswer } from "./plain-answer.ts";

/** What became of one try at one deployment. */
export type AttemptResult =
  /** The client has the whole answer. */
  | { readonly kind: "answered" }
  /** Nothing reached the client. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Part of the answer reached the client; it was told of the rest. */
  | { readonly kind: "interrupted"; readonly fault: Fault }
  /** The client went away, and the provider was told. */
  | { readonly kind: "client_closed" };

export interface AttemptOptions {
  readonly call: Call;
  readonly deployment: Deployment;
  /** All but the body, which is not to be kept: an answer may take long. */
  readonly exchange: Omit<Exchange, "body">;
  /** Called when the first byte of the answer goes out: there will be no other attempt. */
  readonly onCommit: () => void;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly policy: RoutedPolicy;
}

/** Takes in the body of an answer of one kind, and says how it ended. */
export interface Answer {
  data(chunk: Buffer): void;
  /** The provider finished. */
  end(): void;
  /** The client went away: note what was used so far. */
  left(): void;
  /** The provider broke off, or took too long. Says how much of the answer the client was given. */
  lost(fault: Fault): "nothing" | "part" | "all";
  /** True once something of the answer itself came, and not just signs of life. */
  readonly begun: boolean;
}

/** One try at one deployment. Resolves once, never rejects, and leaves nothing running. */
export function attempt(options: AttemptOptions, body: Uint8Array): Promise<AttemptResult> {
  return new Promise((resolve) => new Attempt(options, resolve).start(body));
}

/**
 * connecting -> waiting -> receiving -> settled, and settled from each of them.
 *
 * The time allowed is that of the phase: connect, first token (event streams only: a plain answer
 * may well take minutes), idle; and never beyond the total, which counts from the call's start.
 */
class Attempt implements Dispatcher.DispatchHandler, Deadline {
  readonly #options: AttemptOptions;
  readonly #resolve: (result: AttemptResult) => void;
  readonly #endsMs: number;
  readonly #startedMs: number;
  deadlineMs: number;
  #phase: "connecting" | "waiting" | "receiving" | "settled" = "connecting";
  #controller: Dispatcher.DispatchController | undefined;
  #answer: Answer | undefined;

  constructor(options: AttemptOptions, resolve: (result: AttemptResult) => void) {
    this.#options = options;
    this.#resolve = resolve;
    const { policy, clock, call } = options;
    this.#endsMs = call.startedMs + policy.totalTimeoutMs;
    this.#startedMs = clock.now();
    this.deadlineMs = Math.min(this.#endsMs, this.#startedMs + policy.connectTimeoutMs);
  }

  start(body: Uint8Array): void {
    const { call, deployment, dispatcher, deadlines, exchange } = this.#options;
    call.client.onGone(() => this.#clientGone());
    if (call.client.gone) return this.#clientGone();
    deadlines.add(this);
    const { path } = exchange;
    // undici's type asks for a mutable list, which it does not change.
    const headers = exchange.headers as string[];
    try {
      dispatcher.dispatch({ method: "POST", path, ...framed(headers, body) }, this);
    } catch (cause) {
      // Its arguments did not suit undici: a credential with a line end in it, for example.
      const message = `The request to the provider ${deployment.provider} could not be made.`;
      this.#lose(new Fault("upstream_unavailable", message, { cause }), { cause: "connect_error" });
    }
  }

  /** Done: nothing that happens later counts. */
  settle(result: AttemptResult): void {
    if (this.#phase === "settled") return;
    this.#phase = "settled";
    this.#options.deadlines.remove(this);
    this.#options.call.client.onGone(undefined);
    this.#resolve(result);
  }

  /** Give up the provider's answer and settle. */
  abort(result: AttemptResult): void {
    if (this.#phase === "settled") return;
    this.settle(result);
    this.#controller?.abort(abandoned);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (this.#phase !== "settled") this.#controller?.resume();
  }

  expire(): void {
    const { policy, deployment, deadlines } = this.#options;
    const total = deadlines.nowMs >= this.#endsMs;
    const waited = total
      ? `its answer was not complete after ${policy.totalTimeoutMs} ms`
      : timeouts[this.#phase](policy);
    const message = `The provider ${deployment.provider} took too long: ${waited}.`;
    this.#lose(new Fault("upstream_timeout", message), { cause: "timeout" });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === "settled") return controller.abort(abandoned);
    this.#phase = "waiting";
    const { call, policy, clock } = this.#options;
    this.#allow(clock.now(), call.stream ? policy.firstTokenTimeoutMs : policy.totalTimeoutMs);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ErrorAnswer["headers"],
  ): void {
    // An informational response: the real one follows.
    if (status < 200 || this.#phase === "settled") return;
    const { call, exchange } = this.#options;
    const { conversion, failure } = exchange;
    // Parsed by now; as buffers they would hold on to the chunk they came in.
    controller.rawHeaders = null;
    const type = headers["content-type"];
    const isStream =
      status === 200 &&
      (type === undefined ? call.stream : conversion.streamType.test(String(type)));
    const head = { status, headers };
    const options = { ...this.#options, head, conversion, failure, attempt: this };
    this.#answer = isStream ? new EventStreamAnswer(options) : new PlainAnswer(options);
    this.#received();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === "settled") return;
    this.#answer?.data(chunk);
    this.#received();
  }

  onResponseEnd(): void {
    if (this.#phase !== "settled") this.#answer?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === "settled") return;
    const { provider } = this.#options.deployment;
    const code = (error as NodeJS.ErrnoException).code ?? error.name;
    const soon = this.#options.clock.now() - this.#startedMs < staleWithinMs;
    const stale = this.#answer === undefined && soon && wasInUse(error);
    if (this.#phase === "connecting") {
      const message = `The provider ${provider} could not be reached (${code}).`;
      const fault = new Fault("upstream_unavailable", message, { cause: error });
      return this.#lose(fault, { cause: "connect_error", stale });
    }
    const message = `The provider ${provider} closed the connection before its answer was complete (${code}).`;
    const fault = new Fault("upstream_unavailable", message, { cause: error });
    this.#lose(fault, { cause: "connect_error", stale });
  }

  /** Until the answer has begun, the time allowed for its first token goes on running. */
  #received(): void {
    if (!this.#answer?.begun || this.#phase === "settled") return;
    this.#phase = "receiving";
    // Once per chunk: the time of the last sweep is good enough, and costs nothing.
    this.#allow(this.#options.deadlines.nowMs, this.#options.policy.idleTimeoutMs);
  }

  #allow(nowMs: number, ms: number): void {
    this.deadlineMs = Math.min(this.#endsMs, nowMs + ms);
  }

  /** No answer, or not all of it. */
  #lose(fault: Fault, failure: Omit<Failure, "answer">): void {
    const seen = this.#answer?.lost(fault) ?? "nothing";
    if (seen === "all") return this.abort({ kind: "answered" });
    if (seen === "part") return this.abort({ kind: "interrupted", fault });
    this.abort({ kind: "failed", failure: { ...failure, answer: fault } });
  }

  #clientGone(): void {
    this.#answer?.left();
    this.abort({ kind: "client_closed" });
  }
}

/**
 * undici keeps a buffer for as long as its answer lasts. A long prompt is given as a stream, which
 * lets go of it once it is sent: 10,000 streams must not hold 10,000 prompts.
 */
function framed(
  headers: string[],
  body: Uint8Array,
): { headers: string[]; body: Uint8Array | Readable } {
  if (body.length < longBodyBytes) return { headers, body };
  const length = ["content-length", String(body.length)];
  return { headers: [...headers, ...length], body: new OnePiece(body) };
}

/** A stream of one piece. Readable.from() would hold on to it. */
class OnePiece extends Readable {
  #piece: Uint8Array | undefined;

  constructor(piece: Uint8Array) {
    super();
    this.#piece = piece;
  }

  override _read(): void {
    const piece = this.#piece;
    this.#piece = undefined;
    this.push(piece);
    this.push(null);
  }
}

/**
 * Whether an error may come of a kept-alive connection that its peer closed meanwhile. Where undici
 * tells what came by the connection, it must have served before; a reset does not tell.
 */
function wasInUse(error: Error): boolean {
  // undici's errors are those of Node, and its SocketError tells of the connection besides.
  const { code, socket } = error as {
    readonly code?: string;
    readonly socket?: errors.SocketError["socket"];
  };
  if (socket) return (socket.bytesRead ?? 0) > 0;
  return code === "ECONNRESET" || code === "EPIPE";
}

/** Such a connection fails within a round trip; a request that was at work for longer was received. */
const staleWithinMs = 1_000;
const longBodyBytes = 16 * 1024;

const timeouts = {
  connecting: (policy: RoutedPolicy) => `no connection within ${policy.connectTimeoutMs} ms`,
  waiting: (policy: RoutedPolicy) => `no first event within ${policy.firstTokenTimeoutMs} ms`,
  receiving: (policy: RoutedPolicy) => `nothing came for ${policy.idleTimeoutMs} ms`,
  settled: () => "",
};

/** The reason undici is given; it comes back to no one. */
const abandoned = new Error("the attempt was given up");
