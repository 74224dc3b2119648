import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";

/** How a duration is written, for messages. */
export const durationHint = 'a number and a unit, such as "30s", "500ms", "1.5s", "5m" or "1h"';

const nanosPerUnit: Readonly<Record<string, bigint>> = {
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** The most proto's Duration allows: about 10,000 years. */
const durationMaxNanos = 315_576_000_000n * 1_000_000_000n;

/** `30s`, `500ms`, `1.5s`, `5m`, `1h`; undefined for anything else, or finer than nanoseconds. */
export function parseDuration(text: string): Duration | undefined {
  const parts = /^(\d{1,15})(?:\.(\d{1,9}))?(ms|s|m|h)$/.exec(text);
  const unit = nanosPerUnit[parts?.[3] ?? ""];
  if (!parts || unit === undefined) return undefined;
  const fraction = (parts[2] ?? "").padEnd(9, "0");
  const scaled = BigInt(`${parts[1]}${fraction}`) * unit;
  const nanos = scaled / 1_000_000_000n;
  if (scaled % 1_000_000_000n !== 0n || nanos > durationMaxNanos) return undefined;
  return create(DurationSchema, {
    seconds: nanos / 1_000_000_000n,
    nanos: Number(nanos % 1_000_000_000n),
  });
}

/** Always in seconds, as proto's JSON has it: `30s`, `0.5s`. */
export function formatDuration(duration: Duration): string {
  const fraction = Math.abs(duration.nanos).toString().padStart(9, "0").replace(/0+$/, "");
  const sign = duration.seconds < 0n || duration.nanos < 0 ? "-" : "";
  const seconds = duration.seconds < 0n ? -duration.seconds : duration.seconds;
  return `${sign}${seconds}${fraction === "" ? "" : `.${fraction}`}s`;
}

/** In milliseconds, fractions included. */
export function durationMs(duration: Duration): number {
  return Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000;
}
