import type { Clock } from "@headgate/core";
import { createInbox, type Msg, type MsgHdrs } from "nats";
import { BusClosedError, BusTimeoutError, BusUnavailableError, NoRespondersError } from "../bus.ts";
import type { NatsLink, Passenger } from "./nats-link.ts";

export interface NatsRequest {
  /** As NATS has it. */
  readonly subject: string;
  /** As the caller knows it, for errors. */
  readonly about: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly about: string;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (reason: Error) => void;
}

/** Of all requests that wait for an answer: a bound on what a server that is stuck costs. */
const waitingMaxBytes = 64 * 1024 * 1024;

/** Requests that wait for an answer, and the inbox where answers come: one for each connection. */
export class NatsRequests implements Passenger {
  readonly #link: NatsLink;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  #inbox = "";
  #count = 0;
  #waitingBytes = 0;
  #closed = false;

  constructor(link: NatsLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /**
   * @throws {NoRespondersError} {BusTimeoutError} {BusUnavailableError} {BusClosedError}, and
   * RangeError when the server does not take messages of that size.
   */
  async ask({ subject, about, data, headers, timeoutMs }: NatsRequest): Promise<Msg> {
    if (this.#closed) throw new BusClosedError();
    if (this.#waitingBytes + data.byteLength > waitingMaxBytes) throw tooMany();
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    this.#count += 1;
    const token = `${this.#count}`;
    this.#waiting.set(token, { about, resolve, reject });
    this.#waitingBytes += data.byteLength;
    const timer = this.#rejectAfter(timeoutMs, about, reject);
    try {
      const reply = `${this.#inbox}.${token}`;
      const outgoing = { subject, data, reply, ...(headers ? { headers } : {}) };
      if (!this.#link.send(outgoing)) throw notConnected(about);
      return await promise;
    } finally {
      timer.abort();
      this.#waiting.delete(token);
      this.#waitingBytes -= data.byteLength;
    }
  }

  attach(): void {
    this.#inbox = createInbox();
    this.#link.subscribe(`${this.#inbox}.*`, (answer) => this.#answer(answer));
  }

  detach(): void {
    for (const { about, reject } of this.#waiting.values()) {
      const message = `the connection to NATS was lost while "${about}" waited for an answer`;
      reject(new BusUnavailableError(message, { maybeDone: true }));
    }
  }

  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(new BusClosedError());
  }

  #answer(answer: Msg): void {
    const waiting = this.#waiting.get(answer.subject.slice(this.#inbox.length + 1));
    if (!waiting) return;
    const nobody = answer.data.byteLength === 0 && answer.headers?.code === 503;
    if (nobody) waiting.reject(new NoRespondersError(`nobody is subscribed to "${waiting.about}"`));
    else waiting.resolve(answer);
  }

  #rejectAfter(ms: number, about: string, reject: (reason: Error) => void): AbortController {
    const timer = new AbortController();
    void this.#clock.sleep(ms, timer.signal).then(() => {
      if (!timer.signal.aborted)
        reject(new BusTimeoutError(`no answer to "${about}" within ${ms} ms`));
    });
    return timer;
  }
}

function notConnected(about: string): BusUnavailableError {
  const message = `"${about}" was not sent: there is no connection to NATS`;
  return new BusUnavailableError(message, { maybeDone: false });
}

function tooMany(): BusUnavailableError {
  const message = `more than ${waitingMaxBytes} bytes wait for NATS to answer`;
  return new BusUnavailableError(message, { maybeDone: false });
}
