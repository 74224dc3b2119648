import { busLimits, type ConsumeOptions, type ReadOptions, type StreamOptions } from "./bus.ts";
import { assertCount, assertDuration, assertName } from "./check-arguments.ts";
import { assertPattern, assertSubject, subjectMatches } from "./subject.ts";

const streamDefaults = { messagesMax: 100_000, dedupWindowMs: 120_000 };
const consumeDefaults = { filter: ">", ackWaitMs: 30_000, inFlightMax: 100 };
const readDefaults = { from: 1, filter: ">" };

/** Checked and complete, members always in the same order. @throws RangeError */
export function streamOptionsFrom(options: StreamOptions): Required<StreamOptions> {
  const { name, subjects, messagesMax, dedupWindowMs } = { ...streamDefaults, ...options };
  assertName("stream", name);
  assertCount("the number of subjects", subjects.length);
  for (const subject of subjects) assertPattern(subject);
  assertCount("messagesMax", messagesMax);
  assertDuration("dedupWindowMs", dedupWindowMs);
  return { name, subjects, messagesMax, dedupWindowMs };
}

/** Checked and complete, members always in the same order. @throws RangeError */
export function consumeOptionsFrom(options: ConsumeOptions): Required<ConsumeOptions> {
  const { durable, filter, ackWaitMs, inFlightMax } = { ...consumeDefaults, ...options };
  assertName("consumer", durable);
  assertPattern(filter);
  assertDuration("ackWaitMs", ackWaitMs);
  assertCount("inFlightMax", inFlightMax);
  return { durable, filter, ackWaitMs, inFlightMax };
}

/** Checked and complete. @throws RangeError */
export function readOptionsFrom(options: ReadOptions): Required<ReadOptions> {
  const { from, limit, filter } = { ...readDefaults, ...options };
  assertCount("from", from);
  assertCount("limit", limit);
  if (limit > busLimits.readMax) {
    throw new RangeError(`limit must be at most ${busLimits.readMax}, got ${limit}`);
  }
  assertPattern(filter);
  return { from, limit, filter };
}

/** @throws RangeError unless the stream keeps the subject. */
export function assertKept({ name, subjects }: StreamOptions, subject: string): void {
  assertSubject(subject);
  if (subjects.some((pattern) => subjectMatches(pattern, subject))) return;
  throw new RangeError(`stream "${name}" keeps ${subjects.join(", ")}, not "${subject}"`);
}

/** @throws RangeError */
export function assertId(id = ""): void {
  if (id.length <= busLimits.idCharactersMax) return;
  throw new RangeError(`a message id has at most ${busLimits.idCharactersMax} characters`);
}
