import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultCode, Usage } from "@headgate/core";
import type { Endpoint } from "../http/routes.ts";
import type { Deployment, RoutedKey } from "../routing/routed.ts";

/** How a call ended, as metrics and logs name it. */
export type Outcome =
  | "ok"
  | "rejected"
  | "upstream_error"
  | "interrupted"
  | "client_closed"
  | "failed";

/** One client request on its way through: filled in step by step, settled once. */
export interface Call {
  readonly requestId: string;
  readonly endpoint: Endpoint;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Monotonic. */
  readonly startedMs: number;
  /** Aborts when the client has gone before its answer was complete. */
  readonly client: ClientWatch;
  key?: RoutedKey;
  model?: string;
  stream: boolean;
  attempts: number;
  deployment?: Deployment;
  /** The status the client got; 0 if none was sent. */
  status: number;
  usage?: Usage;
  /** When the first byte of the answer went out. */
  firstByteMs?: number;
  outcome?: Outcome;
  /** Our code, or the provider's, of what went wrong. */
  errorCode?: FaultCode | string;
}

/** Tells, once, that the client is gone. */
export class ClientWatch {
  #gone = false;
  #onGone: (() => void) | undefined;

  constructor(response: ServerResponse) {
    response.once("close", () => {
      if (response.writableFinished) return;
      this.#gone = true;
      this.#onGone?.();
    });
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Have `action` called when the client goes; replaces the one before. */
  onGone(action: (() => void) | undefined): void {
    this.#onGone = action;
  }
}
