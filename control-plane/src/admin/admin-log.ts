import type { HandlerContext } from "@connectrpc/connect";
import type { Logger } from "pino";
import { peerKey } from "../http/peer.ts";

export interface WriteRecord {
  /** The RPC, or "ApplyFile". */
  readonly method: string;
  readonly kind?: string;
  readonly name?: string;
  readonly revision: number;
  readonly changes?: number;
}

/** One line per write: who did what to which resource, and the revision it made. Never secrets. */
export class AdminLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  byCall(context: HandlerContext, record: Omit<WriteRecord, "method">): void {
    // There is one admin token, hence one name.
    const address = context.values.get(peerKey).address;
    this.#write(
      { who: "admin", address, protocol: context.protocolName },
      {
        method: context.method.name,
        ...record,
      },
    );
  }

  byFile(file: string, record: Omit<WriteRecord, "method">): void {
    this.#write({ who: `file ${file}` }, { method: "ApplyFile", ...record });
  }

  #write(who: object, record: WriteRecord): void {
    this.#logger.info({ event: "admin_write", ...who, ...record }, "admin write");
  }
}
