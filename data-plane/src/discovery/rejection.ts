/** Why one resource of a delta was refused; all empty names speak of the delta as a whole. */
export interface Rejection {
  readonly kind: string;
  readonly name: string;
  readonly message: string;
}

/** Bounds of a NACK, as discovery.proto has them. */
export const rejectionsMax = 100;
const messageBytesMax = 1024;

/** Cut down to what a NACK may carry. */
export function boundRejections(rejected: readonly Rejection[]): readonly Rejection[] {
  return rejected
    .slice(0, rejectionsMax)
    .map((rejection) => ({ ...rejection, message: cut(rejection.message) }));
}

function cut(message: string): string {
  if (Buffer.byteLength(message) <= messageBytesMax) return message;
  // A sequence cut in half decodes as U+FFFD (3 bytes), so leave room for that and the ellipsis.
  const kept = Buffer.from(message).subarray(0, messageBytesMax - 6);
  return `${new TextDecoder().decode(kept)}…`;
}
