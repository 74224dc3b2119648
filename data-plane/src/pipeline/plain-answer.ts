import { type Clock, Fault } from "@headgate/core";
import { sendBytes } from "../http/respond.ts";
import { readAnswer, usageFromTail } from "../providers/openai/read-answer.ts";
import type { Deployment } from "../routing/routed.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Answer, AttemptResult } from "./attempt.ts";
import type { Call } from "./call.ts";
import { ClientSink, type Flow } from "./client-sink.ts";
import type { Failure } from "./failure.ts";
import { classifyError, classifyErrorInSuccess, type UpstreamHeaders } from "./upstream-failure.ts";

export interface AnswerOptions {
  readonly call: Call;
  readonly deployment: Deployment;
  readonly head: { readonly status: number; readonly headers: UpstreamHeaders };
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
 * that is too large to hold is committed and passed on as it comes.
 */
export class PlainAnswer implements Answer {
  readonly begun = true;
  readonly #options: AnswerOptions;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #sink: ClientSink | undefined;

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  data(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#sink) {
      this.#sink.write(chunk);
      this.#keepTail();
    } else if (this.#heldBytes > heldBytesMax) {
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
    const failure = this.#judge(body);
    if (failure) return attempt.settle({ kind: "failed", failure });
    const { head, deployment, clock } = this.#options;
    call.status = head.status;
    call.firstByteMs = clock.now();
    sendBytes(
      call.response,
      head.status,
      body,
      answerHeaders(call, deployment, head.headers, "application/json"),
    );
    attempt.settle({ kind: "answered" });
  }

  lost(): "nothing" | "part" {
    if (!this.#sink) return "nothing";
    // The client counts on the length, or on the last chunk: breaking off is the one honest sign.
    this.#options.call.response.destroy();
    return "part";
  }

  /** What keeps this from being the answer, if anything. Notes the usage. */
  #judge(body: Buffer): Failure | undefined {
    const { call, deployment, head } = this.#options;
    const { provider } = deployment;
    if (head.status < 200 || head.status > 299) return classifyError({ ...head, body, provider });
    const answer = readAnswer(body);
    switch (answer.kind) {
      case "answer":
        if (answer.usage) call.usage = answer.usage;
        return undefined;
      case "error":
        return classifyErrorInSuccess(answer.body, { headers: head.headers, provider });
      case "not_json": {
        const message = `The provider ${provider} answered ${head.status} with ${answer.what}.`;
        return { cause: "502", answer: new Fault("upstream_invalid_response", message) };
      }
    }
  }

  /** Too much to hold: commit to it, if it is a success. */
  #overflow(): void {
    const { call, deployment, head, attempt, clock, onCommit } = this.#options;
    const { provider } = deployment;
    const first = this.#held[0]?.toString("latin1", 0, 64).trimStart() ?? "";
    if (head.status < 200 || head.status > 299 || !first.startsWith("{")) {
      const message = `The provider ${provider} answered ${head.status} with more than ${heldBytesMax} bytes that are not an answer.`;
      const fault = new Fault("upstream_invalid_response", message);
      return attempt.abort({ kind: "failed", failure: { cause: "502", answer: fault } });
    }
    const length = head.headers["content-length"];
    call.status = head.status;
    call.firstByteMs = clock.now();
    onCommit();
    call.response.writeHead(head.status, [
      ...answerHeaders(call, deployment, head.headers, "application/json"),
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

/** Answers up to this size are held; a slow reader is never held more than 1 MiB. */
const heldBytesMax = 512 * 1024;
const tailBytes = 16 * 1024;
