/** How slow a link is. */
export interface Shape {
  /** Added to every byte, each way, and to opening a connection. */
  readonly latencyMs: number;
  /** Up to this much more, chosen anew for each piece; the order of bytes stays. Default 0. */
  readonly jitterMs?: number;
  /** Each way and connection. Default: as fast as it goes. */
  readonly bytesPerSecond?: number;
}

export const unshaped: Shape = { latencyMs: 0 };

/** @throws RangeError naming the value. */
export function checkShape(shape: Shape): Shape {
  assertAtLeast("latencyMs", shape.latencyMs, 0);
  assertAtLeast("jitterMs", shape.jitterMs ?? 0, 0);
  assertAtLeast("bytesPerSecond", shape.bytesPerSecond ?? 1, 1);
  return shape;
}

/** One minute: more would look like a cut, and say so badly. */
const maxMs = 60_000;

function assertAtLeast(name: string, value: number, min: number): void {
  const max = name.endsWith("Ms") ? maxMs : Number.MAX_SAFE_INTEGER;
  if (!(value >= min && value <= max)) {
    throw new RangeError(`${name} must be from ${min} to ${max}, got ${value}`);
  }
}

/** How long from now until a piece sent now arrives, bandwidth apart. */
export function delayMs(shape: Shape): number {
  return shape.latencyMs + Math.random() * (shape.jitterMs ?? 0);
}
