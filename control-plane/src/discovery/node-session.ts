import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import type { discovery } from "@headgate/proto";
import type { BuildRollout, Member } from "./build-rollout.ts";
import type { Delta } from "./delta.ts";
import { deltaMessage } from "./delta-message.ts";
import {
  type Due,
  type NodeMessage,
  type NodeStream,
  nextStep,
  openNodeStream,
  type Received,
  receive,
  type Step,
  sent,
} from "./node-stream.ts";
import type { SendBudget } from "./send-budget.ts";

export interface NodeSessionEvents {
  /** Returns the rollout to take part in. @throws ConnectError to turn the node away. */
  readonly onHello: (hello: discovery.Hello) => BuildRollout;
  /** The version that the node resumes from; 0 if that is not known here. */
  readonly onResumed: (appliedVersion: number) => void;
  readonly onSent: (delta: Delta) => void;
  readonly onAck: (version: number) => void;
  readonly onNack: (version: number, nack: discovery.Nack) => void;
  readonly onDrop: (reason: DropReason) => void;
}

export type DropReason = Extract<Step, { action: "drop" }>["reason"];

export interface NodeSessionOptions {
  /** Not used twice while the server runs. */
  readonly id: string;
  readonly clock: Clock;
  readonly budget: SendBudget;
  readonly events: NodeSessionEvents;
}

/** If a node does not even read, its stream can't be ended in order; this long after it must have been. */
const stuckGraceMs = 5_000;

const dropMessages: Record<DropReason, string> = {
  no_hello: "no hello in time",
  no_ack: "neither ACK nor NACK in time",
};

/** One open stream of one node: performs what node-stream.ts and the rollout of its build decide. */
export class NodeSession implements Member {
  readonly id: string;
  readonly #options: NodeSessionOptions;
  #rollout: BuildRollout | undefined;
  #stream: NodeStream;
  #nap: { readonly untilMs: number; readonly end: () => void } | undefined;
  #failure: ConnectError | undefined;
  #ended = false;
  #nonces = 0;

  constructor(options: NodeSessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.#stream = openNodeStream(options.clock.now());
  }

  /** Look again: there may be something to send. */
  readonly wake = (): void => {
    this.#nap?.end();
  };

  /** Time has passed. Sessions have no timers of their own: two for every delta and node cost more. */
  tick(nowMs: number): void {
    if (this.#nap && nowMs >= this.#nap.untilMs) this.wake();
  }

  /** True if it was not ending already. */
  end(failure: ConnectError): boolean {
    const isFirst = this.#failure === undefined && !this.#ended;
    this.#failure ??= failure;
    this.wake();
    return isFirst;
  }

  /** It should have been dropped, but sending blocks: the node does not read. */
  isStuck(nowMs: number): boolean {
    return this.#stream.phase === "in-flight" && nowMs > this.#stream.deadlineMs + stuckGraceMs;
  }

  async *run(
    requests: AsyncIterable<discovery.StreamSnapshotsRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<discovery.StreamSnapshotsResponse> {
    const { clock, events } = this.#options;
    const onAbort = () => this.end(ConnectError.from(signal.reason, Code.Canceled));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    void this.#read(requests);
    try {
      while (!this.#ended) {
        if (this.#failure) throw this.#failure;
        const step = nextStep(this.#stream, () => this.#due(), clock.now());
        if (step.action === "send") yield this.#send();
        else if (step.action === "wait") await this.#wait(step.untilMs);
        else {
          events.onDrop(step.reason);
          throw new ConnectError(dropMessages[step.reason], Code.DeadlineExceeded);
        }
      }
    } finally {
      this.leave();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** It is over, also if nobody reads its end. Idempotent. */
  leave(): void {
    this.#ended = true;
    this.#options.budget.forget(this);
    this.#rollout?.leave(this.id, this.#options.clock.now());
    this.#rollout = undefined;
  }

  #due(): Due {
    const rollout = this.#rollout;
    const nowMs = this.#options.clock.now();
    const untilMs = rollout?.waitUntilMs(this.id) ?? Number.POSITIVE_INFINITY;
    const isDue =
      rollout?.isDue(this.id, nowMs) === true &&
      this.#options.budget.admits(this, rollout.bytesDue(this.id), this.wake);
    return { isDue, untilMs };
  }

  #send(): discovery.StreamSnapshotsResponse {
    if (!this.#rollout) throw new Error("unreachable: only after hello is something due");
    const { clock, budget, events } = this.#options;
    const delta = this.#rollout.take(this.id);
    budget.take(this, delta.bytes);
    this.#nonces += 1;
    const nonce = String(this.#nonces);
    this.#stream = sent(delta, { nonce, nowMs: clock.now() });
    events.onSent(delta);
    return deltaMessage(delta, nonce);
  }

  #wait(untilMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#nap = undefined;
        resolve();
      };
      this.#nap = { untilMs, end };
    });
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
    const received = receive(this.#stream, message);
    if (received.outcome === "violation") throw invalid(received.message);
    this.#stream = received.state;
    this.#report(received, request);
  }

  #report(received: Received, request: discovery.StreamSnapshotsRequest["message"]): void {
    const { events, budget, clock } = this.#options;
    const nowMs = clock.now();
    if (received.outcome === "greeted" && request.case === "hello") {
      this.#join(request.value, nowMs);
    }
    if (received.outcome === "acked") {
      budget.release(this);
      events.onAck(received.version);
      this.#rollout?.acked(this.id, nowMs);
    }
    if (received.outcome === "nacked" && request.case === "nack") {
      budget.release(this);
      events.onNack(received.version, request.value);
      const { rejected: refusals, diverged: isDiverged } = request.value;
      this.#rollout?.nacked(this.id, { refusals, isDiverged }, nowMs);
    }
  }

  #join(hello: discovery.Hello, nowMs: number): void {
    const rollout = this.#options.events.onHello(hello);
    this.#rollout = rollout;
    const claim = { version: Number(hello.appliedVersion), stateHash: hello.stateHash };
    rollout.join(this, claim, nowMs);
    this.#options.events.onResumed(rollout.versionOf(this.id));
  }
}

function messageFrom(
  request: discovery.StreamSnapshotsRequest["message"],
): NodeMessage | undefined {
  switch (request.case) {
    case "hello":
      return { type: "hello" };
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

function invalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}
