import { Wakeup } from "@headgate/core";
import type { Bus, Message } from "./bus.ts";
import { assertCount } from "./check-arguments.ts";
import { LatestSlots } from "./latest-slots.ts";

export interface LatestWinsOptions {
  /** Most subjects remembered between two takes. Default 100,000. */
  readonly subjectsMax?: number;
}

/** The newest message of each subject: for reports that say how things stand, such as load. */
export interface LatestWins extends AsyncDisposable {
  /** Subjects with a message that was not taken. */
  readonly size: number;
  /** Messages so far that a newer one of their subject replaced before they were taken. */
  readonly overwritten: number;
  /** Messages so far that came when all slots were filled by other subjects. */
  readonly refused: number;

  /** The newest message of each subject since the last take. */
  take(): ReadonlyMap<string, Message>;

  /** Resolves when there is something to take, or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void>;
}

const subjectsMaxDefault = 100_000;

/**
 * Subscribes with one slot per subject instead of a queue. However slowly they are taken, memory is
 * bounded, and what is taken is never older than what came before it: a queue that drops the oldest
 * would make a slow taker read old reports of all, and the newest of none.
 *
 * @throws RangeError
 */
export function subscribeLatest(
  bus: Bus,
  pattern: string,
  { subjectsMax = subjectsMaxDefault }: LatestWinsOptions = {},
): LatestWins {
  assertCount("subjectsMax", subjectsMax);
  const slots = new LatestSlots<Message>(subjectsMax);
  const wakeup = new Wakeup();
  const put = (message: Message): void => {
    slots.put(message.subject, message);
    wakeup.notify();
  };
  // Room for a report of each that come at once: what the queue dropped might be one's only report.
  const subscription = bus.subscribe(pattern, put, { pendingMax: subjectsMax });
  return {
    get size() {
      return slots.size;
    },
    get overwritten() {
      return slots.overwritten;
    },
    get refused() {
      return slots.refused;
    },
    take: () => slots.take(),
    wait: async (signal) => {
      if (slots.size === 0) await wakeup.wait(signal);
    },
    [Symbol.asyncDispose]: () => subscription[Symbol.asyncDispose](),
  };
}
