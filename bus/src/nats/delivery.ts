import type { Msg } from "nats";
import { copyBytes } from "../copy-bytes.ts";

/** A message of a durable consumer, as it came. */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where acknowledgements go. */
  readonly reply: string;
  readonly sequence: number;
  readonly deliveries: number;
  /** When the server will bring it again unless told that we are at it. */
  dueMs: number;
}

export interface DeliveryContext {
  readonly nowMs: number;
  readonly ackWaitMs: number;
}

/**
 * Undefined if it is none: its reply subject says where it stands.
 *
 *   $JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.consumerSequence.nanos.pending[.token]
 *
 * Source: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
 */
export function deliveryFrom(
  { subject, data, reply = "" }: Pick<Msg, "subject" | "data" | "reply">,
  { nowMs, ackWaitMs }: DeliveryContext,
): Delivery | undefined {
  const tokens = reply.split(".");
  const at = tokens.length >= 11 ? 6 : 4;
  const [deliveries, sequence] = [Number(tokens[at]), Number(tokens[at + 1])];
  if (!reply.startsWith("$JS.ACK.") || !Number.isInteger(deliveries + sequence)) return undefined;
  // A copy, for what nats.js gives is a view of all that came with it.
  const dueMs = nowMs + ackWaitMs;
  return { subject, data: copyBytes(data), reply, sequence, deliveries, dueMs };
}
