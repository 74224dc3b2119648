import { busLimits } from "./bus.ts";

/** @throws RangeError unless it may be sent. Shared by all buses, so that they refuse alike. */
export function assertData(data: Uint8Array): void {
  if (data.byteLength <= busLimits.messageBytesMax) return;
  throw new RangeError(
    `a message has ${data.byteLength} bytes, at most ${busLimits.messageBytesMax} are allowed`,
  );
}

/** Names of streams and consumers. @throws RangeError */
export function assertName(what: string, name: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return;
  throw new RangeError(`${what} "${name.slice(0, 64)}" must be 1 to 64 of [A-Za-z0-9_-]`);
}

/** @throws RangeError */
export function assertCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new RangeError(`${what} must be an integer >= 1, got ${count}`);
}

/** What timers can hold: 24 days. Beyond it Node's fire at once. */
const durationMaxMs = 2 ** 31 - 1;

/** @throws RangeError */
export function assertDuration(what: string, ms: number): void {
  if (ms >= 0 && ms <= durationMaxMs) return;
  throw new RangeError(`${what} must be 0 to ${durationMaxMs} milliseconds, got ${ms}`);
}
