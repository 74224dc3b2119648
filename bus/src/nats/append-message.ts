import { createHash } from "node:crypto";
import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import { headers, type MsgHdrs } from "nats";
import { BusClosedError, BusTimeoutError, BusUnavailableError, NoRespondersError } from "../bus.ts";
import { type AppendFailure, type AppendState, afterFailure } from "./append-state.ts";
import { answerFrom, JetStreamError } from "./jetstream-api.ts";
import type { NatsLink } from "./nats-link.ts";
import type { NatsRequests } from "./nats-requests.ts";
import type { NatsWaits } from "./nats-waits.ts";
import { pauseBetween, reasonFrom } from "./try-until.ts";

export interface Appending {
  /** As NATS has them. */
  readonly subject: string;
  readonly stream: string;
  /** As the caller knows it, for errors. */
  readonly about: string;
  readonly data: Uint8Array;
  readonly id: string | undefined;
  readonly dedupWindowMs: number;
}

export interface AppendDeps {
  readonly link: NatsLink;
  readonly requests: NatsRequests;
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: NatsWaits;
  readonly closing: AbortSignal;
  /** Called when nobody keeps the subject: the stream may be gone. */
  readonly reopen: () => Promise<void>;
}

export interface Appended {
  readonly sequence: number;
  readonly duplicate: boolean;
}

/**
 * Sends until JetStream acknowledges, always with the same message id, so that it is kept once
 * although an acknowledgement may be lost. When one was, `duplicate` may be our own first attempt:
 * that is told only of ids that the caller gave.
 *
 * @throws {BusUnavailableError} {BusClosedError} RangeError
 */
export async function appendMessage(appending: Appending, deps: AppendDeps): Promise<Appended> {
  const { clock, random, waits, closing } = deps;
  const { dedupWindowMs } = appending;
  const id = appending.id ?? randomId(random);
  let state: AppendState = { deadlineMs: clock.now() + waits.appendMs };
  for (let failures = 0; ; failures++) {
    const startedMs = clock.now();
    const result = await attempt(appending, { ...deps, id, leftMs: state.deadlineMs - startedMs });
    if ("sequence" in result) {
      return { ...result, duplicate: result.duplicate && appending.id !== undefined };
    }
    if (closing.aborted) throw new BusClosedError();
    const pauseMs = fullJitterMs({ attempt: failures, ...pauseBetween, random });
    await clock.sleep(pauseMs, closing);
    const { failure } = result;
    const nowMs = clock.now();
    const next = afterFailure(state, { failure, startedMs, nowMs, dedupWindowMs });
    state = next.state;
    const maybeKept = state.sentMs !== undefined;
    if (!next.again || result.lasting) throw unavailable(appending, result.trouble, maybeKept);
  }
}

interface Failed {
  readonly failure: AppendFailure;
  readonly trouble: unknown;
  /** It would fail again. */
  readonly lasting: boolean;
}

async function attempt(
  { subject, about, data, stream }: Appending,
  deps: AppendDeps & { readonly id: string; readonly leftMs: number },
): Promise<Appended | Failed> {
  const { link, requests, waits, closing, id, leftMs } = deps;
  if (!(await link.reachable(Math.max(0, leftMs), closing))) {
    return { failure: "not-kept", trouble: undefined, lasting: false };
  }
  try {
    const timeoutMs = waits.appendAttemptMs;
    const request = { subject, about, data, headers: headersFor(id, stream), timeoutMs };
    const { seq, duplicate } = answerFrom(await requests.ask(request));
    return { sequence: Number(seq), duplicate: duplicate === true };
  } catch (error) {
    return await failureFrom(error, deps.reopen);
  }
}

async function failureFrom(error: unknown, reopen: () => Promise<void>): Promise<Failed> {
  if (error instanceof JetStreamError) {
    return { failure: "not-kept", trouble: error, lasting: error.status !== 503 };
  }
  if (error instanceof NoRespondersError) {
    const trouble = await reopen().then(
      () => error,
      (reason: unknown) => reason,
    );
    return { failure: "not-kept", trouble, lasting: trouble instanceof RangeError };
  }
  const mayBeKept =
    error instanceof BusTimeoutError || (error instanceof BusUnavailableError && error.maybeDone);
  if (mayBeKept) return { failure: "unanswered", trouble: error, lasting: false };
  if (error instanceof BusUnavailableError) {
    return { failure: "not-kept", trouble: error, lasting: false };
  }
  throw error;
}

function headersFor(id: string, stream: string): MsgHdrs {
  const made = headers();
  made.set("Nats-Msg-Id", wireId(id));
  made.set("Nats-Expected-Stream", stream);
  return made;
}

/** Headers are lines that servers trim, so ids that would not come through are hashed. */
function wireId(id: string): string {
  if (/^[\x21-\x7e]+$/.test(id)) return id;
  return `sha256:${createHash("sha256").update(id, "utf16le").digest("base64url")}`;
}

/** 104 random bits. */
function randomId(random: Random): string {
  const part = (): string => Math.floor(random() * 2 ** 52).toString(36);
  return `${part()}-${part()}`;
}

function unavailable({ about }: Appending, trouble: unknown, maybeDone: boolean): Error {
  const fate = maybeDone ? "may or may not be kept" : "was not kept";
  const advice = maybeDone ? "; append it again with the same id to be sure" : "";
  const message = `the message for "${about}" ${fate}: ${reasonFrom(trouble)}${advice}`;
  return new BusUnavailableError(message, { maybeDone });
}
