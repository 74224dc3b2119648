import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import { connectionHint } from "./connection-hint.ts";
import { isPlannedEnd } from "./planned-pause.ts";

export interface ConnectionLogOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** By the index of their transport. */
  readonly endpoints: readonly string[];
  readonly hasSnapshot: () => boolean;
}

export interface Disconnect {
  readonly reason: unknown;
  readonly pauseMs: number;
  /** Of the endpoint. */
  readonly index: number;
}

/** The same trouble is told again after this long: it lasts, and somebody has to look. */
const repeatMs = 10 * 60_000;
/** More reasons than endpoints fail for at a time. */
const reasonsMax = 64;

/**
 * What the log says of a node's connection to the control plane: each trouble of each endpoint once, and
 * again every ten minutes; what is expected (a replica moves its nodes on) as information.
 */
export class ConnectionLog {
  readonly #options: ConnectionLogOptions;
  /** When each trouble was told last. */
  readonly #told = new Map<string, number>();

  constructor(options: ConnectionLogOptions) {
    this.#options = options;
  }

  connected(index: number): void {
    this.#told.clear();
    const { logger, endpoints } = this.#options;
    logger.info({ endpoint: endpoints[index] }, "the control plane is connected");
  }

  disconnected({ reason, pauseMs, index }: Disconnect): void {
    const { logger, endpoints } = this.#options;
    const endpoint = endpoints[index];
    const text = reason instanceof Error ? reason.message : String(reason);
    const fields = { endpoint, reason: text, pause_ms: Math.round(pauseMs) };
    if (isPlannedEnd(reason)) {
      return logger.info(fields, "the control plane ended the stream; connecting again");
    }
    const hint = connectionHint(text, endpoint);
    const level = this.#isNews(`${index} ${text}`) ? "warn" : "debug";
    logger[level]({ ...fields, ...(hint !== undefined && { hint }) }, this.#consequence());
  }

  #consequence(): string {
    return this.#options.hasSnapshot()
      ? "no connection to the control plane, serving goes on with the snapshot in use"
      : "no connection to the control plane, and no snapshot yet: calls are refused until there is one";
  }

  #isNews(trouble: string): boolean {
    const nowMs = this.#options.clock.now();
    const toldMs = this.#told.get(trouble);
    if (toldMs !== undefined && nowMs - toldMs < repeatMs) return false;
    if (this.#told.size >= reasonsMax) this.#told.clear();
    this.#told.set(trouble, nowMs);
    return true;
  }
}
