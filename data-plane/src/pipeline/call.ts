import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultCode, PromptMeasure, Usage } from "@headgate/core";
import type { Endpoint } from "../http/routes.ts";
import type { PinnedPrice } from "../pricing/pinned-price.ts";
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
  /** The model that the path names, if it names one. */
  readonly pathModel: string | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Monotonic. */
  readonly startedMs: number;
  /** Aborts when the client has gone before its answer was complete. */
  readonly client: ClientWatch;
  key?: RoutedKey;
  model?: string;
  stream: boolean;
  /** Parameters that the deployment in use has nothing like. */
  dropped: readonly string[];
  attempts: number;
  deployment?: Deployment;
  /** The status the client got; 0 if none was sent. */
  status: number;
  usage?: Usage;
  /** The answer broke off, or was left: what the provider counted of the output is not the last word. */
  cut?: boolean;
  /** What the prompt's tokens are estimated by. */
  measure?: PromptMeasure;
  /** For the deployment in use, before it was asked. */
  estimatedInputTokens?: number;
  /** Text of the answer so far; an estimate where it is passed on unread. */
  answerTextBytes: number;
  /** What the deployment in use costs, as it was when it was asked. */
  price?: { readonly pinned: PinnedPrice; readonly atMs: number } | undefined;
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
  #controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    response.once("close", () => {
      if (response.writableFinished) return;
      this.#gone = true;
      this.#controller?.abort();
      this.#onGone?.();
    });
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Aborts when the client goes. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#gone) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Have `action` called when the client goes; replaces the one before. */
  onGone(action: (() => void) | undefined): void {
    this.#onGone = action;
  }
}
