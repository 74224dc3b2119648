import { ConnectError } from "@connectrpc/connect";
import type { Random } from "@headgate/core";

/** In the trailer of a stream that the control plane ends on purpose: when to come back. */
const retryAfterHeader = "x-headgate-retry-after-ms";
const retryAfterMaxMs = 30_000;
/** So that the nodes of a replica that stops do not come to the next one in the same moment. */
const jitterMs = 500;

/** How long to pause after a planned end of a stream. Undefined: it was none. */
export function plannedPauseMs({ metadata }: ConnectError, random: Random): number | undefined {
  const asked = metadata.get(retryAfterHeader);
  if (asked === null || !/^\d{1,9}$/.test(asked)) return undefined;
  return Math.min(Number(asked), retryAfterMaxMs) + random() * jitterMs;
}

/** Whether the control plane ended the stream on purpose, and wants the node back. */
export function isPlannedEnd(reason: unknown): boolean {
  return reason instanceof ConnectError && reason.metadata.get(retryAfterHeader) !== null;
}
