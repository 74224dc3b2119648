import { destination, type Logger, pino } from "pino";

export interface LoggerOptions {
  readonly level: string;
  /** Which program of Headgate speaks. */
  readonly component: string;
}

/** JSON lines on standard output, written at once: a crash loses none. */
export function createLogger({ level, component }: LoggerOptions): Logger {
  const serializers = { err: errorFields };
  return pino({ level, base: { component }, serializers }, destination({ fd: 1, sync: true }));
}

/** What is wrong with the world and not with us: where in our code it was noticed is no help. */
const outside = new Set(["EtcdFailure", "StoreError", "CompactedError", "TimeoutError"]);

/** With its stack, unless nobody would look there for the cause. */
export function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (outside.has(error.name)) return { type: error.name, message: error.message };
  return pino.stdSerializers.err(error);
}
