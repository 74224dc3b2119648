import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { plannedPauseMs } from "./planned-pause.ts";
import type { Rejection } from "./rejection.ts";
import { RequestQueue } from "./request-queue.ts";

export interface SnapshotSubscriptionOptions {
  /** Ways to the control plane, one per endpoint; at least one. The next is tried when one fails. */
  readonly transports: readonly Transport[];
  readonly identity: NodeIdentity;
  /** The snapshot in use, to resume from. */
  readonly inUse: () => SnapshotPosition;
  /** Put a response to use as a whole, or leave everything as it is. Does not throw. */
  readonly apply: (response: discovery.StreamSnapshotsResponse) => Promise<ApplyOutcome>;
  /** Told when a stream has begun to deliver, with the index of its transport. */
  readonly onConnect: (index: number) => void;
  /** Told of every lost stream, with the pause before the next attempt, and the index as above. */
  readonly onDisconnect: (reason: unknown, pauseMs: number, index: number) => void;
  readonly clock: Clock;
  readonly random: Random;
}

export interface NodeIdentity {
  readonly node: string;
  readonly region: string;
  readonly build: string;
  /** New for every process. */
  readonly bootId: string;
}

export interface SnapshotPosition {
  /** 0: none. */
  readonly version: bigint;
  readonly stateHash: bigint;
}

export type ApplyOutcome =
  | { readonly kind: "applied" }
  | { readonly kind: "rejected"; readonly rejected: readonly Rejection[] }
  /** Ours and the control plane's idea of the snapshot differ: only a full one helps. */
  | { readonly kind: "diverged"; readonly rejected: readonly Rejection[] };

export type SubscriptionState = "idle" | "connecting" | "live" | "waiting" | "stopped";

const pauseBaseMs = 5_000;
const pauseMaxMs = 30_000;
const plannedInARowMax = 5;

type Response = discovery.StreamSnapshotsResponse;
type Requests = RequestQueue<MessageInitShape<typeof discovery.StreamSnapshotsRequestSchema>>;

/**
 * Keeps the node supplied with snapshots, reconnecting for as long as it runs.
 * While disconnected, the last accepted snapshot simply stays in use.
 *
 * Every response is answered: ACK if it was applied, NACK if not. A NACK does
 * not end the stream, since the next delta may well heal it. Only divergence
 * does: then we come back without a version, and so get everything.
 *
 * Runs once: idle -> (connecting -> live -> waiting)* -> stopped.
 */
export class SnapshotSubscription {
  readonly #options: SnapshotSubscriptionOptions;
  readonly #stopper = new AbortController();
  #state: SubscriptionState = "idle";
  #wantsFull = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: SnapshotSubscriptionOptions) {
    if (options.transports.length === 0) {
      throw new RangeError("transports is empty, it must have one at least");
    }
    this.#options = options;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** Start in the background. */
  start(): void {
    if (this.#state !== "idle") throw new Error(`cannot start when ${this.#state}`);
    this.#state = "connecting";
    this.#done = this.#run(this.#stopper.signal);
  }

  /** Stop, and wait until nothing more will be applied. Safe to call repeatedly. */
  async stop(): Promise<void> {
    this.#stopper.abort();
    await this.#done;
    this.#state = "stopped";
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { transports, clock, onDisconnect } = this.#options;
    let failures = 0;
    for (let stream = 0; !signal.aborted; stream++) {
      const index = stream % transports.length;
      const { progressed, reason } = await this.#consume(index, signal);
      if (signal.aborted) return;
      // A server that takes streams but sends nothing good still fails: only an applied response resets.
      if (progressed) failures = 0;
      const pauseMs = this.#pauseMs(reason, failures);
      failures += 1;
      this.#state = "waiting";
      onDisconnect(reason, pauseMs, index);
      await clock.sleep(pauseMs, signal);
    }
  }

  /**
   * As the control plane asks, when it ends the stream on purpose; but not for ever, should it end
   * every one. Else random, since a restarted control plane must not meet every node at once.
   */
  #pauseMs(reason: unknown, failures: number): number {
    const { random, transports } = this.#options;
    const planned = reason instanceof ConnectError ? plannedPauseMs(reason, random) : undefined;
    if (planned !== undefined && failures < plannedInARowMax) return planned;
    // Grows when all have failed once more: that one is gone says nothing of the next.
    const attempt = Math.floor(failures / transports.length);
    const pause = { attempt, baseMs: pauseBaseMs, maxMs: pauseMaxMs, random };
    return Math.max(planned ?? 0, fullJitterMs(pause));
  }

  /** Follow one stream until it is lost or of no more use. Never rejects. */
  async #consume(index: number, signal: AbortSignal): Promise<StreamEnd> {
    const transport = this.#options.transports[index];
    if (!transport) throw new Error("unreachable: there is a transport at every index");
    const requests: Requests = new RequestQueue();
    const stream = new AbortController();
    let progressed = false;
    this.#state = "connecting";
    try {
      requests.push(this.#hello());
      const client = createClient(discovery.DiscoveryService, transport);
      const callSignal = AbortSignal.any([signal, stream.signal]);
      for await (const response of client.streamSnapshots(requests, { signal: callSignal })) {
        if (signal.aborted) break;
        this.#goLive(index);
        const outcome = await this.#options.apply(response);
        progressed ||= outcome.kind === "applied";
        requests.push(this.#answer(response, outcome));
        if (outcome.kind === "diverged") return { progressed, reason: diverged };
      }
      return { progressed, reason: new Error("the control plane closed the stream") };
    } catch (reason) {
      return { progressed, reason };
    } finally {
      requests.end();
      // Leaving the loop does not tell the server that we are gone.
      stream.abort();
    }
  }

  #goLive(index: number): void {
    if (this.#state !== "live") this.#options.onConnect(index);
    this.#state = "live";
  }

  #hello() {
    const { identity, inUse } = this.#options;
    const { version, stateHash } = this.#wantsFull ? nothing : inUse();
    return {
      message: {
        case: "hello" as const,
        value: { ...identity, appliedVersion: version, stateHash },
      },
    };
  }

  #answer({ nonce }: Response, outcome: ApplyOutcome) {
    const { version } = this.#options.inUse();
    this.#wantsFull = outcome.kind === "diverged";
    if (outcome.kind === "applied") {
      return { message: { case: "ack" as const, value: { nonce, version } } };
    }
    const rejected = outcome.rejected.map((rejection) =>
      create(discovery.RejectionSchema, rejection),
    );
    const diverged = outcome.kind === "diverged";
    return { message: { case: "nack" as const, value: { nonce, version, rejected, diverged } } };
  }
}

interface StreamEnd {
  readonly progressed: boolean;
  readonly reason: unknown;
}

const nothing: SnapshotPosition = { version: 0n, stateHash: 0n };
const diverged = new Error("the snapshot diverged from the control plane's; asking for all of it");
