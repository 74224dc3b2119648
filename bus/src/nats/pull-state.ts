/** What a consumer asked its server for. */
export interface PullState {
  /** Messages asked for that did not come. The server answers one request at a time. */
  readonly askedFor: number;
  /** When anything was last heard of the server: a message, a sign of life, an answer. */
  readonly heardMs: number;
}

export type PullEvent =
  | { readonly kind: "asked"; readonly count: number }
  | { readonly kind: "message" }
  | { readonly kind: "status"; readonly code: number; readonly description: string };

/**
 * asked -> message ... message -> asked again when all came
 *       -> status 100 (sign of life): goes on
 *       -> any other status (time over, bounds, leader gone): asked again
 *       -> consumer deleted, or nobody there: lost, to be opened anew
 *
 * Source: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-37.md
 */
export function afterEvent(
  state: PullState,
  event: PullEvent,
  nowMs: number,
): { readonly state: PullState; readonly isLost: boolean } {
  if (event.kind === "asked") {
    return { state: { askedFor: event.count, heardMs: nowMs }, isLost: false };
  }
  if (event.kind === "message") {
    const askedFor = Math.max(0, state.askedFor - 1);
    return { state: { askedFor, heardMs: nowMs }, isLost: false };
  }
  const isAlive = event.code === 100;
  const askedFor = isAlive ? state.askedFor : 0;
  const isLost = event.code === 503 || /consumer (deleted|not found)/i.test(event.description);
  return { state: { askedFor, heardMs: nowMs }, isLost };
}

/**
 * How many to ask for, given how many wait for the handler: nothing before the last request is
 * answered, and then when half of the room is free.
 */
export function wanted({ askedFor }: PullState, waiting: number, roomMax: number): number {
  if (askedFor > 0 || waiting * 2 > roomMax) return 0;
  return roomMax - waiting;
}

/** Whether the server says so little that it must have forgotten the request. */
export function isSilent(state: PullState, nowMs: number, heartbeatMs: number): boolean {
  return state.askedFor > 0 && nowMs - state.heardMs >= 3 * heartbeatMs;
}
