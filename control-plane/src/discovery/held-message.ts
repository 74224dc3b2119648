import type { HeldOfBuild } from "./builds.ts";

export interface HeldMessage {
  /** The replica that says it. */
  readonly from: string;
  readonly held: readonly HeldOfBuild[];
}

const perMessageMax = 200;
const textMax = 256;
const messageMax = 300;

/** As JSON, in messages of at most 200 each: below 300 KiB. */
export function* encodeHeldMessages(
  from: string,
  held: readonly HeldOfBuild[],
): Generator<Uint8Array> {
  for (let start = 0; start < held.length; start += perMessageMax) {
    const page = held.slice(start, start + perMessageMax).map(shortened);
    yield Buffer.from(JSON.stringify({ from, held: page }));
  }
}

/** Fields that are not known are ignored: a newer replica may say more. @throws Error if it is none. */
export function decodeHeldMessage(bytes: Uint8Array): HeldMessage {
  const message: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const { from, held } = record(message);
  if (!Array.isArray(held) || held.length > perMessageMax) {
    throw new RangeError(`held must be a list of at most ${perMessageMax}`);
  }
  return { from: text(from, "from"), held: held.map(heldFrom) };
}

function heldFrom(value: unknown): HeldOfBuild {
  const { build, kind, name, revision, message } = record(value);
  if (!Number.isSafeInteger(revision)) throw new RangeError("revision must be an integer");
  return {
    build: text(build, "build"),
    kind: text(kind, "kind"),
    name: text(name, "name"),
    revision: Number(revision),
    message: text(message, "message", 4 * messageMax),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new RangeError("it must be an object");
  return { ...value };
}

function text(value: unknown, what: string, lengthMax = textMax): string {
  if (typeof value === "string" && value.length <= lengthMax) return value;
  throw new RangeError(`${what} must be a text of at most ${lengthMax} characters`);
}

function shortened({ build, kind, name, revision, message }: HeldOfBuild): HeldOfBuild {
  return { build, kind, name, revision, message: message.slice(0, messageMax) };
}
