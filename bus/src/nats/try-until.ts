import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import { BusClosedError, BusTimeoutError, BusUnavailableError, NoRespondersError } from "../bus.ts";
import { JetStreamError } from "./jetstream-api.ts";
import type { NatsLink } from "./nats-link.ts";

export interface TryUntilOptions {
  /** For errors, such as `opening stream "USAGE"`. */
  readonly what: string;
  readonly withinMs: number;
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the bus is closed. */
  readonly closing: AbortSignal;
}

export const pauseBetween = { baseMs: 50, maxMs: 1000 };

/**
 * Tries what may be done twice until it succeeds, or fails for a reason that does not pass.
 *
 * @throws {BusUnavailableError} when the time is over, {BusClosedError}, or what does not pass.
 */
export async function tryUntil<T>(
  attempt: () => Promise<T>,
  { what, withinMs, link, clock, random, closing }: TryUntilOptions,
): Promise<T> {
  const untilMs = clock.now() + withinMs;
  let trouble: unknown;
  for (let failures = 0; ; failures++) {
    if (closing.aborted) throw new BusClosedError();
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) throw tooLate(what, withinMs, trouble);
    if (!(await link.reachable(leftMs, closing))) continue;
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error)) throw lasting(what, error);
      trouble = error;
    }
    const pauseMs = fullJitterMs({ attempt: failures, ...pauseBetween, random });
    await clock.sleep(Math.min(pauseMs, Math.max(0, untilMs - clock.now())), closing);
  }
}

/** No place for a stream, or none of those who keep it is there: servers are away. */
const serversAway = [10005, 10118, 10119];

export function mayPass(error: unknown): boolean {
  if (error instanceof JetStreamError) {
    return error.status === 503 || serversAway.includes(error.code);
  }
  const passing = [NoRespondersError, BusTimeoutError, BusUnavailableError];
  return passing.some((kind) => error instanceof kind);
}

/** Why it does not answer, for people. */
export function reasonFrom(trouble: unknown): string {
  if (trouble === undefined) return "there is no connection to NATS";
  if (trouble instanceof NoRespondersError) {
    return "JetStream is not enabled on the NATS server, or has no leader";
  }
  return trouble instanceof Error ? trouble.message : String(trouble);
}

function tooLate(what: string, withinMs: number, trouble: unknown): BusUnavailableError {
  const message = `${what} did not succeed within ${withinMs} ms: ${reasonFrom(trouble)}`;
  return new BusUnavailableError(message, { maybeDone: false });
}

function lasting(what: string, error: unknown): unknown {
  if (!(error instanceof JetStreamError)) return error;
  return new BusUnavailableError(`${what} failed: ${error.message}`, { maybeDone: false });
}
