/**
 * How the parts of Headgate talk beside the request path: fire-and-forget
 * publishing, request and reply, and durable streams that are redelivered until
 * acknowledged. NATS with JetStream is one implementation, this process another.
 *
 * Subjects are dot-separated tokens of [A-Za-z0-9_-]. Subscriptions may use `*`
 * for one token and `>` for one or more at the end.
 */
export interface Bus {
  /**
   * Deliver to those subscribed now, at most once. Never waits for them, nor for a connection: what
   * cannot be sent now is dropped, and counted in status().
   */
  publish(subject: string, data: Uint8Array): void;

  /**
   * Receive until disposed. The handler is called in order, one call at a time; a
   * handler that throws loses only that message (`onError` of the bus is told).
   * With `group`, each message goes to one member of the group.
   */
  subscribe(subject: string, handler: MessageHandler, options?: SubscribeOptions): Subscription;

  /**
   * Ask, and take the first answer.
   * @throws {NoRespondersError} at once if nobody is subscribed; {BusTimeoutError} after `timeoutMs`;
   * {BusUnavailableError} if the connection is lost meanwhile.
   */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array>;

  /**
   * Open a durable stream, creating it if it does not exist. Its subjects are for append() and
   * consume(): mixing them with publish() and subscribe() is not defined.
   * @throws RangeError if it exists with other options, or another stream has some of its subjects;
   * {BusUnavailableError} if the bus cannot say so within its deadline: try again.
   */
  stream(options: StreamOptions): Promise<DurableStream>;

  /** For health and metrics. Also once closed. */
  status(): BusStatus;

  /** Waits for handlers that are running, so not to be awaited in one. All else then fails. */
  close(): Promise<void>;
}

export interface BusStatus {
  /** Whether what is published now is sent. A bus within the process is connected until closed. */
  readonly connected: boolean;
  /** Messages dropped so far by publish() and respond(), unsent: no connection, or a stuck one. */
  readonly droppedPublishes: number;
  /** How often a lost connection was replaced. */
  readonly reconnects: number;
}

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Present when the sender used request(): call at most once. */
  readonly respond?: (data: Uint8Array) => void;
}

export type MessageHandler = (message: Message) => void | Promise<void>;

export interface SubscribeOptions {
  readonly group?: string;
  /** Most messages waiting for the handler; the oldest is dropped. Default 10,000. */
  readonly pendingMax?: number;
}

export interface Subscription extends AsyncDisposable {
  /** Messages dropped so far because the handler was too slow. A durable one drops none. */
  readonly dropped: number;
  /** Receive no more. Waits for a handler that is running, so not to be awaited in one. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RequestOptions {
  readonly timeoutMs: number;
}

export interface StreamOptions {
  readonly name: string;
  /** Subjects kept; may have wildcards. */
  readonly subjects: readonly string[];
  /** Most messages kept; the oldest are dropped. Default 100,000. */
  readonly messagesMax?: number;
  /** How long a message id is remembered for deduplication. Default 2 minutes, as in JetStream. */
  readonly dedupWindowMs?: number;
}

export interface DurableStream {
  /**
   * Keep a message. Resolves when it is kept; `duplicate` if `id` was seen within the window.
   *
   * What was sent and not acknowledged is sent again, so kept once. Give an `id` to append again
   * after a BusUnavailableError, or in another process.
   * @throws RangeError if no subject of the stream matches; {BusUnavailableError} if no
   * acknowledgement came in time: see its `maybeDone`.
   */
  append(
    subject: string,
    data: Uint8Array,
    options?: { readonly id?: string },
  ): Promise<{ readonly sequence: number; readonly duplicate: boolean }>;

  /**
   * A durable consumer: its place in the stream outlives the subscription. Starts at the first
   * message kept. Messages not acknowledged within `ackWaitMs` (or negatively acknowledged) come
   * again. The handler is called one message at a time.
   * @throws RangeError if the consumer exists with other options.
   */
  consume(options: ConsumeOptions, handler: DurableHandler): Promise<Subscription>;

  /**
   * A page of what is kept, in order, for looking at history: moves no consumer. Fewer than `limit`
   * messages mean that it ends there. The next page is `from` the last sequence plus one.
   * @throws {BusUnavailableError}
   */
  read(options: ReadOptions): Promise<readonly KeptMessage[]>;

  /** Which sequences are kept: with them, pages can begin at the newest. @throws {BusUnavailableError} */
  bounds(): Promise<StreamBounds>;
}

export interface ReadOptions {
  /** Sequence of the first message that may be in it. Default: the oldest kept. */
  readonly from?: number;
  /** Most messages, 1 to `busLimits.readMax`. */
  readonly limit: number;
  /** Only these subjects; may have wildcards. Default: all. */
  readonly filter?: string;
}

export interface KeptMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Position in the stream, from 1. */
  readonly sequence: number;
  /** When it was kept, in wall-clock milliseconds since the epoch. */
  readonly timeMs: number;
}

/** None are kept when `first` is `last + 1`. */
export interface StreamBounds {
  readonly first: number;
  readonly last: number;
}

export interface ConsumeOptions {
  /** Name of the consumer. Subscriptions of one name share its messages. */
  readonly durable: string;
  /** Only these subjects. Default: all. */
  readonly filter?: string;
  /** Default 30 s. */
  readonly ackWaitMs?: number;
  /** Most messages out and not acknowledged. Default 100. */
  readonly inFlightMax?: number;
}

export interface DurableMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Position in the stream, from 1. */
  readonly sequence: number;
  /** 1 at first, more when redelivered. */
  readonly deliveries: number;
  /** Done with. Idempotent. */
  ack(): void;
  /** Bring it again after `delayMs` (default at once). */
  nak(delayMs?: number): void;
}

/**
 * Returning does not acknowledge. A handler that throws is a nak after a pause, which grows with
 * the deliveries from 10 ms to `ackWaitMs`, so that a poisoned message does not spin.
 */
export type DurableHandler = (message: DurableMessage) => void | Promise<void>;

export class NoRespondersError extends Error {
  override readonly name = "NoRespondersError";
}

export class BusTimeoutError extends Error {
  override readonly name = "BusTimeoutError";
}

/** There is no connection, or what should answer there does not. Try again later. */
export class BusUnavailableError extends Error {
  override readonly name = "BusUnavailableError";
  /** Whether what was asked for may have been done all the same. */
  readonly maybeDone: boolean;

  constructor(message: string, { maybeDone }: { readonly maybeDone: boolean }) {
    super(message);
    this.maybeDone = maybeDone;
  }
}

/** The bus was closed before or meanwhile. */
export class BusClosedError extends Error {
  override readonly name = "BusClosedError";

  constructor() {
    super("the bus is closed");
  }
}

/** Bounds shared by all implementations. Beyond them a call is a RangeError. */
export const busLimits = {
  /** What NATS servers accept by default, less room for the id of an appended message. */
  messageBytesMax: 1024 * 1024 - 1024,
  subjectBytesMax: 256,
  /** Of the `id` of an appended message. */
  idCharactersMax: 256,
  /** Messages in one page of history. */
  readMax: 1000,
} as const;
