import type { Clock } from "@headgate/core";
import { createInbox, type Msg, type Subscription } from "nats";
import type { NatsLink } from "./nats-link.ts";
import type { NatsWaits } from "./nats-waits.ts";
import { afterEvent, isSilent, type PullEvent, type PullState, wanted } from "./pull-state.ts";

export interface PullSessionOptions {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly waits: NatsWaits;
  /** As NATS has them: "stream.consumer". */
  readonly path: string;
  /** Most messages that may wait for the handler. */
  readonly roomMax: number;
  /** How many wait for it now. */
  readonly waiting: () => number;
  readonly receive: (message: Msg) => void;
}

/** For a request that is not answered. The server forgets it then, so must we. */
const expiresMs = 30_000;
/** Of one request's messages. */
const requestMaxBytes = 8 * 1024 * 1024;
const nanosPerMs = 1_000_000;

/** Asks one consumer for messages, on one connection, until it is over. */
export class PullSession {
  readonly #options: PullSessionOptions;
  readonly #inbox = createInbox();
  readonly #ended = Promise.withResolvers<string | undefined>();
  readonly #subscription: Subscription | undefined;
  readonly #ticker: Disposable;
  #state: PullState;
  #stopped = false;

  constructor(options: PullSessionOptions) {
    const { link, clock, waits } = options;
    this.#options = options;
    this.#state = { askedFor: 0, heardMs: clock.now() };
    this.#subscription = link.subscribe(this.#inbox, (message) => this.#take(message));
    this.#ticker = clock.every(waits.heartbeatMs, () => this.#tick());
    this.ask();
  }

  /** Resolves with the reason why the consumer must be opened anew; without one, if it was ended. */
  get ended(): Promise<string | undefined> {
    return this.#ended.promise;
  }

  /** Asks for more, if there is room for more. */
  ask(): void {
    const { link, path, roomMax, waiting, waits } = this.#options;
    if (this.#stopped) return;
    const batch = wanted(this.#state, waiting(), roomMax);
    if (batch === 0) return;
    const request = {
      ...{ batch, expires: expiresMs * nanosPerMs, max_bytes: requestMaxBytes },
      idle_heartbeat: Math.min(waits.heartbeatMs, expiresMs / 3) * nanosPerMs,
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${path}`;
    const data = new TextEncoder().encode(JSON.stringify(request));
    if (!link.send({ subject, data, reply: this.#inbox })) return;
    this.#happened({ kind: "asked", count: batch });
  }

  /** Asks no more. What is on its way already is still received, if there is a connection. */
  end(reason?: string): void {
    this.#stop();
    this.#subscription?.drain().catch(() => {});
    this.#ended.resolve(reason);
  }

  /** Asks no more; resolves when no more can come. */
  async drain(): Promise<void> {
    this.#stop();
    const { clock, waits } = this.#options;
    const timer = new AbortController();
    const drained = this.#subscription?.drain().catch(() => {});
    await Promise.race([drained, clock.sleep(waits.closeMs, timer.signal)]);
    timer.abort();
    this.#ended.resolve(undefined);
  }

  #stop(): void {
    this.#stopped = true;
    this.#ticker[Symbol.dispose]();
  }

  #take(message: Msg): void {
    const status = message.headers?.code ?? 0;
    if (status === 0) {
      this.#options.receive(message);
      this.#happened({ kind: "message" });
      return this.ask();
    }
    const description = message.headers?.description ?? "";
    this.#happened({ kind: "status", code: status, description });
    // Others not at once: what refuses this request may refuse the next as well.
    if (status === 408 || /exceeds maxbytes/i.test(description)) this.ask();
  }

  #tick(): void {
    const { clock, waits } = this.#options;
    if (isSilent(this.#state, clock.now(), waits.heartbeatMs)) return this.end("it says nothing");
    this.ask();
  }

  #happened(event: PullEvent): void {
    const { state, isLost } = afterEvent(this.#state, event, this.#options.clock.now());
    this.#state = state;
    if (isLost && event.kind === "status") this.end(`${event.code} ${event.description}`);
  }
}
