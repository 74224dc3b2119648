import type { Logger } from "pino";
import type { AuditSource } from "../audit/auditor.ts";

export interface WriteRecord {
  readonly kind?: string;
  readonly name?: string;
  readonly revision: number;
  readonly changes?: number;
  /** How the call came: connect, grpc, grpc-web. */
  readonly protocol?: string;
}

/** One line per write: who did what to which resource, and the revision it made. Never secrets. */
export class AdminLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  wrote({ actor, address, method }: AuditSource, record: WriteRecord): void {
    const line = { event: "admin_write", who: actor, address, method, ...record };
    this.#logger.info(line, "admin write");
  }
}
