/** How long things may take, in milliseconds. */
export interface NatsWaits {
  /** To make a connection: greeting, TLS, authentication. */
  readonly connectMs: number;
  /** Pauses before reconnecting are random below this, doubled with each failure ... */
  readonly reconnectBaseMs: number;
  /** ... up to this. Also how long a connection must last to be taken for a good one. */
  readonly reconnectMaxMs: number;
  /** Between pings. A connection with two unanswered is given up, so lost within three of these. */
  readonly pingMs: number;
  /** Until append() says that a message may or may not be kept. */
  readonly appendMs: number;
  /** For the acknowledgement of one attempt to append. */
  readonly appendAttemptMs: number;
  /** Until stream(), consume() and read() give up. */
  readonly openMs: number;
  /** For one answer of JetStream. */
  readonly apiMs: number;
  /** Between signs of life of a consumer. Without any in three of these it is opened again. */
  readonly heartbeatMs: number;
  /** For the server to take what was sent last, when closing. */
  readonly closeMs: number;
}

export const natsWaits: NatsWaits = {
  connectMs: 5000,
  reconnectBaseMs: 250,
  reconnectMaxMs: 5000,
  pingMs: 5000,
  appendMs: 10_000,
  appendAttemptMs: 2000,
  openMs: 10_000,
  apiMs: 3000,
  heartbeatMs: 2000,
  closeMs: 1000,
};
