import { type Clock, Fault, measurePrompt } from "@headgate/core";
import { sendBytes } from "../http/respond.ts";
import type { ErrorAnswer } from "../providers/api-error.ts";
import { usageFromTail } from "../providers/openai/read-answer.ts";
import type { Conversion } from "../relay/conversion.ts";
import type { Deployment } from "../routing/routed.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Answer, AttemptResult } from "./attempt.ts";
import type { Call } from "./call.ts";
import { ClientSink, type Flow } from "./client-sink.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { translatedFailure } from "./upstream-failure.ts";

export interface AnswerOptions {
  readonly call: Call;
  readonly deployment: Deployment;
  readonly conversion: Conversion;
  readonly failure: Exchange["failure"];
  readonly head: Pick<ErrorAnswer, "status" | "headers">;
  readonly clock: Clock;
  readonly onCommit: () => void;
  readonly attempt: Flow & {
    settle(result: AttemptResult): void;
    abort(result: AttemptResult): void;
  };
}

/**
 * An answer that is one body. It is held until it is whole, so that one that is
 * broken off, is not JSON, or hides an error can still be tried elsewhere. One
 * that is too large to hold is committed and passed on as it comes, if it is not translated.
 */
export class PlainAnswer implements Answer {
  readonly begun = true;
  readonly #options: AnswerOptions;
  #held: Buffer[] = [];
  #heldBytes = 0;
  readonly #heldBytesMax: number;
  #sink: ClientSink | undefined;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#heldBytesMax = options.conversion.passesOn ? heldBytesMax : translatedBytesMax;
  }

  data(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#sink) {
      this.#sink.write(chunk);
      this.#keepTail();
    } else if (this.#heldBytes > this.#heldBytesMax) {
      this.#overflow();
    }
  }

  end(): void {
    const { call, attempt } = this.#options;
    const body = this.#takeHeld();
    if (this.#sink) {
      const usage = usageFromTail(body);
      if (usage) call.usage = usage;
      call.response.end();
      return attempt.settle({ kind: "answered" });
    }
    const result = this.#judge(body);
    if ("failure" in result) return attempt.settle({ kind: "failed", failure: result.failure });
    const { conversion, head, clock } = this.#options;
    const sentHeaders = conversion.translates ? {} : head.headers;
    call.status = head.status;
    call.firstByteMs = clock.now();
    sendBytes(
      call.response,
      head.status,
      result.body,
      answerHeaders(call, sentHeaders, "application/json"),
    );
    attempt.settle({ kind: "answered" });
  }

  /** Usage stands at the end, which did not come. */
  left(): void {}

  lost(): "nothing" | "part" {
    if (!this.#sink) return "nothing";
    // The client counts on the length, or on the last chunk: breaking off is the one honest sign.
    this.#options.call.response.destroy();
    return "part";
  }

  /** The answer's body, or what keeps this from being one. Notes the usage. */
  #judge(body: Buffer): { readonly body: Buffer } | { readonly failure: Failure } {
    const { call, conversion, deployment, failure, head } = this.#options;
    if (!isSuccess(head.status)) return { failure: failure({ ...head, body }) };
    const result = conversion.plain(body);
    switch (result.kind) {
      case "answer":
        if (result.usage) call.usage = result.usage;
        else call.answerTextBytes = measurePrompt(result.body).textBytes;
        return { body: result.body };
      case "error":
        return { failure: translatedFailure(result.error, head, { call, deployment }) };
      case "invalid": {
        const message = `The provider ${deployment.provider} answered ${head.status} with ${result.what}.`;
        const answer = new Fault("upstream_invalid_response", message);
        return { failure: { cause: "502", answer } };
      }
    }
  }

  /** Too much to hold: commit to it, if it is a success. */
  #overflow(): void {
    const { call, conversion, deployment, head, attempt, clock, onCommit } = this.#options;
    const { provider } = deployment;
    const first = this.#held[0]?.toString("latin1", 0, 64).trimStart() ?? "";
    if (!conversion.passesOn || !isSuccess(head.status) || !first.startsWith("{")) {
      const message = `The provider ${provider} answered ${head.status} with more than ${this.#heldBytesMax} bytes that are not an answer.`;
      const fault = new Fault("upstream_invalid_response", message);
      return attempt.abort({ kind: "failed", failure: { cause: "502", answer: fault } });
    }
    const sentHeaders = head.headers;
    const length = head.headers["content-length"];
    call.status = head.status;
    call.firstByteMs = clock.now();
    onCommit();
    call.response.writeHead(head.status, [
      ...answerHeaders(call, sentHeaders, "application/json"),
      ...(typeof length === "string" ? ["content-length", length] : []),
    ]);
    this.#sink = new ClientSink(call.response, attempt);
    this.#sink.write(this.#takeHeld());
  }

  /** Of an answer passed on, hold only the last part, where the usage is. */
  #keepTail(): void {
    while (this.#held.length > 1 && this.#heldBytes - (this.#held[0]?.length ?? 0) >= tailBytes) {
      this.#heldBytes -= this.#held.shift()?.length ?? 0;
    }
  }

  #takeHeld(): Buffer {
    const [only] = this.#held;
    const body = this.#held.length === 1 && only ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return body;
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** Answers up to this size are held; a slow reader is never held more than 1 MiB. */
const heldBytesMax = 512 * 1024;
/** What is translated must be whole first: images and vectors make it long. */
const translatedBytesMax = 64 * 1024 * 1024;
const tailBytes = 16 * 1024;
