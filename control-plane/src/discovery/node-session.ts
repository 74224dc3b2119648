import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import type { discovery } from "@headgate/proto";
import { deltaMessage } from "./delta-message.ts";
import {
  type NodeMessage,
  type NodeStream,
  nextStep,
  openNodeStream,
  type Received,
  receive,
  type Step,
  sent,
} from "./node-stream.ts";
import type { Delta, SnapshotCache } from "./snapshot-cache.ts";

export interface NodeSessionEvents {
  /** @throws ConnectError to turn the node away. */
  readonly onHello: (hello: discovery.Hello, appliedVersion: number) => void;
  readonly onSent: (delta: Delta) => void;
  readonly onAck: (version: number) => void;
  readonly onNack: (version: number, nack: discovery.Nack) => void;
  readonly onDrop: (reason: DropReason) => void;
}

export type DropReason = Extract<Step, { action: "drop" }>["reason"];

export interface NodeSessionOptions {
  readonly cache: SnapshotCache;
  readonly clock: Clock;
  readonly events: NodeSessionEvents;
}

/** Longest sleep without looking again; timers can't wait forever. */
const napMs = 60_000;

/** If a node does not even read, its stream can't be ended in order; this long after it must have been. */
const stuckGraceMs = 5_000;

const dropMessages: Record<DropReason, string> = {
  no_hello: "no hello in time",
  no_ack: "neither ACK nor NACK in time",
  store_replaced: "the store was replaced or restored; connect again",
};

/** One open stream of one node: performs what node-stream.ts decides. */
export class NodeSession {
  readonly #options: NodeSessionOptions;
  #stream: NodeStream;
  #nap = new AbortController();
  #failure: ConnectError | undefined;
  #ended = false;
  #nonces = 0;

  constructor(options: NodeSessionOptions) {
    this.#options = options;
    this.#stream = openNodeStream(options.clock.now());
  }

  /** Look again: there may be something to send. */
  wake(): void {
    this.#nap.abort();
  }

  end(failure: ConnectError): void {
    this.#failure ??= failure;
    this.wake();
  }

  /** It should have been dropped, but sending blocks: the node does not read. */
  isStuck(nowMs: number): boolean {
    return this.#stream.phase === "in-flight" && nowMs > this.#stream.deadlineMs + stuckGraceMs;
  }

  async *run(
    requests: AsyncIterable<discovery.StreamSnapshotsRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<discovery.StreamSnapshotsResponse> {
    const { cache, clock, events } = this.#options;
    const onAbort = () => this.end(ConnectError.from(signal.reason, Code.Canceled));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    void this.#read(requests);
    try {
      while (!this.#ended) {
        if (this.#failure) throw this.#failure;
        const step = nextStep(this.#stream, cache, clock.now());
        if (step.action === "send") yield this.#send(cache.deltaFrom(step.fromVersion));
        else if (step.action === "wait") await this.#wait(step.untilMs);
        else {
          events.onDrop(step.reason);
          throw new ConnectError(dropMessages[step.reason], dropCode(step.reason));
        }
      }
    } finally {
      this.#ended = true;
      signal.removeEventListener("abort", onAbort);
    }
  }

  #send(delta: Delta): discovery.StreamSnapshotsResponse {
    this.#nonces += 1;
    const nonce = String(this.#nonces);
    const nowMs = this.#options.clock.now();
    this.#stream = sent(this.#stream, { version: delta.version, nonce, nowMs });
    this.#options.events.onSent(delta);
    return deltaMessage(delta, nonce);
  }

  async #wait(untilMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#nap = new AbortController();
    await clock.sleep(Math.min(untilMs - clock.now(), napMs), this.#nap.signal);
  }

  /** Never rejects: what goes wrong ends the stream. */
  async #read(requests: AsyncIterable<discovery.StreamSnapshotsRequest>): Promise<void> {
    try {
      for await (const { message } of requests) {
        if (this.#ended) return;
        this.#take(message);
        this.wake();
      }
      this.#ended = true;
      this.wake();
    } catch (reason) {
      this.end(ConnectError.from(reason));
    }
  }

  #take(request: discovery.StreamSnapshotsRequest["message"]): void {
    const message = messageFrom(request);
    if (!message) throw invalid("a message must be hello, ack or nack");
    const received = receive(this.#stream, message, this.#options.cache);
    if (received.outcome === "violation") throw invalid(received.message);
    this.#stream = received.state;
    this.#report(received, request);
  }

  #report(received: Received, request: discovery.StreamSnapshotsRequest["message"]): void {
    const { events } = this.#options;
    if (received.outcome === "greeted" && request.case === "hello") {
      const applied = received.state.phase === "settled" ? received.state.appliedVersion : 0;
      events.onHello(request.value, applied);
    }
    if (received.outcome === "acked") events.onAck(received.version);
    if (received.outcome === "nacked" && request.case === "nack") {
      events.onNack(received.version, request.value);
    }
  }
}

function messageFrom(
  request: discovery.StreamSnapshotsRequest["message"],
): NodeMessage | undefined {
  switch (request.case) {
    case "hello": {
      const { appliedVersion, stateHash } = request.value;
      return { type: "hello", appliedVersion: Number(appliedVersion), stateHash };
    }
    case "ack":
    case "nack":
      return {
        type: request.case,
        nonce: request.value.nonce,
        version: Number(request.value.version),
      };
    default:
      return undefined;
  }
}

function dropCode(reason: DropReason): Code {
  return reason === "store_replaced" ? Code.Unavailable : Code.DeadlineExceeded;
}

function invalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}
