import { destination, type Logger, pino } from "pino";

export interface LoggerOptions {
  readonly level: string;
  /** Which program of Headgate speaks. */
  readonly component: string;
}

/** JSON lines on standard output, written at once: a crash loses none. */
export function createLogger({ level, component }: LoggerOptions): Logger {
  return pino({ level, base: { component } }, destination({ fd: 1, sync: true }));
}
