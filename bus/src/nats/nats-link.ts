import { type Clock, fullJitterMs, type Random, Wakeup } from "@headgate/core";
import type { Msg, MsgHdrs, NatsConnection, Subscription } from "nats";
import { type DialOptions, dial } from "./dial.ts";
import type { NatsWaits } from "./nats-waits.ts";
import { OutboundMeter } from "./outbound-meter.ts";
import { addressText, type ServerAddress } from "./server-address.ts";

/** What lives on a connection, and moves to the next one. */
export interface Passenger {
  /** Called with each new connection before anything is sent on it. */
  attach(): void;
  /** The connection is over. */
  detach(): void;
}

export interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  readonly headers?: MsgHdrs;
}

export interface NatsLinkOptions {
  /** In the order in which they are tried. */
  readonly addresses: readonly ServerAddress[];
  readonly dial: Omit<DialOptions, "clock" | "signal">;
  readonly waits: NatsWaits;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
  readonly onConnect?: ((server: string) => void) | undefined;
}

/** More is not taken from publish() while the server confirms nothing. */
const outboundMaxBytes = 8 * 1024 * 1024;

/**
 * The connection to NATS, replaced whenever it is lost, for as long as it takes:
 *
 *   dialling -> connected -> pausing (random, longer with each failure) -> dialling ... -> closed
 *
 * nats.js could reconnect by itself. It would keep what is published meanwhile in memory, dial all
 * other servers at once and in step with every other client, and not be closable before the first
 * connection.
 */
export class NatsLink {
  readonly #options: NatsLinkOptions;
  readonly #passengers = new Set<Passenger>();
  readonly #closing = new AbortController();
  readonly #changed = new Wakeup();
  #connection: NatsConnection | undefined;
  #meter: OutboundMeter | undefined;
  #connections = 0;
  #lastTrouble = "";
  #done: Promise<void> = Promise.resolve();

  constructor(options: NatsLinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get reconnects(): number {
    return Math.max(0, this.#connections - 1);
  }

  start(): void {
    this.#done = this.#run(this.#closing.signal);
  }

  /** Whether there is a connection, after waiting for one at most `withinMs`. */
  async reachable(withinMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.connected) return true;
    const timer = new AbortController();
    void this.#options.clock.sleep(withinMs, timer.signal).then(() => timer.abort());
    const over = AbortSignal.any([timer.signal, signal, this.#closing.signal]);
    while (!this.connected && !over.aborted) await this.#changed.wait(over);
    timer.abort();
    return this.connected;
  }

  add(passenger: Passenger): void {
    this.#passengers.add(passenger);
    if (this.connected) passenger.attach();
  }

  remove(passenger: Passenger): void {
    this.#passengers.delete(passenger);
  }

  /** On the present connection only. Undefined when there is none. */
  subscribe(
    subject: string,
    callback: (message: Msg) => void,
    group?: string,
  ): Subscription | undefined {
    return this.#connection?.subscribe(subject, {
      ...(group === undefined ? {} : { queue: group }),
      // An error is a refused permission, which the connection's status tells of as well.
      callback: (error, message) => {
        if (error === null) callback(message);
      },
    });
  }

  /** Whether it was sent. Not, while the server takes nothing. */
  publish(outgoing: Outgoing): boolean {
    return this.#meter?.full === false && this.send(outgoing);
  }

  /**
   * Whether it was sent, also while the server takes nothing: for what is bounded otherwise.
   * @throws RangeError when the server does not take messages of that size.
   */
  send({ subject, data, reply, headers }: Outgoing): boolean {
    const connection = this.#connection;
    if (!connection || connection.isClosed()) return false;
    const maxBytes = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    const bytes = data.byteLength + (headers ? headersMaxBytes : 0);
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
    connection.publish(subject, data, {
      ...(reply === undefined ? {} : { reply }),
      ...(headers ? { headers } : {}),
    });
    this.#meter?.add(subject.length + bytes);
    return true;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, waits, addresses } = this.#options;
    const { reconnectBaseMs: baseMs, reconnectMaxMs: maxMs } = waits;
    let next = 0;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const address = addresses[next++ % addresses.length];
      const sinceMs = clock.now();
      const connection = address && (await this.#dial(address, signal));
      if (connection) this.#options.onConnect?.(addressText(address));
      if (connection) await this.#serve(connection, signal);
      if (clock.now() - sinceMs > maxMs && connection) attempt = 0;
      await clock.sleep(fullJitterMs({ attempt, baseMs, maxMs, random }), signal);
    }
  }

  async #dial(address: ServerAddress, signal: AbortSignal): Promise<NatsConnection | undefined> {
    try {
      return await dial(address, { ...this.#options.dial, clock: this.#options.clock, signal });
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
      return undefined;
    }
  }

  /** Until the connection is over. */
  async #serve(connection: NatsConnection, signal: AbortSignal): Promise<void> {
    this.#board(connection);
    void this.#watch(connection);
    const reason = await closedOrAborted(connection, signal);
    if (signal.aborted) await this.#leave(connection);
    this.#connection = undefined;
    this.#meter = undefined;
    for (const passenger of this.#passengers) passenger.detach();
    if (signal.aborted) return;
    const why = reason instanceof Error ? `: ${reason.message}` : "";
    this.#tell(new Error(`the connection to NATS was lost${why}`));
  }

  #board(connection: NatsConnection): void {
    this.#connection = connection;
    const confirm = () => connection.flush();
    this.#meter = new OutboundMeter({ bytesMax: outboundMaxBytes, confirm });
    this.#connections += 1;
    this.#lastTrouble = "";
    for (const passenger of this.#passengers) passenger.attach();
    this.#changed.notify();
  }

  /** What was sent goes out, unless the server does not take it. */
  async #leave(connection: NatsConnection): Promise<void> {
    const { clock, waits } = this.#options;
    const timer = new AbortController();
    const flushed = connection.flush().catch(() => {});
    await Promise.race([flushed, clock.sleep(waits.closeMs, timer.signal)]);
    timer.abort();
    await connection.close();
  }

  /** Not to be awaited: nats.js never ends the iterator. It goes with the connection. */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type !== "error") continue;
      const about = permissionContext
        ? `${permissionContext.operation} of "${permissionContext.subject}" is not permitted`
        : String(data);
      this.#options.onError(new Error(`the NATS server reports: ${about}`));
    }
  }

  /** Not again and again the same: one attempt fails as the other. */
  #tell(error: unknown): void {
    const trouble = String(error);
    if (trouble === this.#lastTrouble) return;
    this.#lastTrouble = trouble;
    this.#options.onError(error);
  }
}

/** More than those that we send need. */
const headersMaxBytes = 512;

function tooLarge(bytes: number, maxBytes: number): RangeError {
  return new RangeError(
    `a message with its headers has ${bytes} bytes, and the NATS server takes at most ${maxBytes}: raise its max_payload`,
  );
}

function closedOrAborted(connection: NatsConnection, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    const done = (reason?: unknown): void => {
      signal.removeEventListener("abort", aborted);
      resolve(reason);
    };
    const aborted = (): void => done();
    signal.addEventListener("abort", aborted);
    void connection.closed().then(done);
  });
}
