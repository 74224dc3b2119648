import { Fault, SseRelay } from "@headgate/core";
import { answerHeaders } from "./answer-headers.ts";
import type { Answer } from "./attempt.ts";
import { ClientSink } from "./client-sink.ts";
import type { AnswerOptions } from "./plain-answer.ts";
import { classifyErrorInSuccess } from "./upstream-failure.ts";

/**
 * An answer that is a stream of events, passed on as they come. The first event
 * is the commit point: until then nothing was sent, and the call can be tried
 * elsewhere; from then on a broken stream is made visible, with an error event
 * and no [DONE].
 */
export class EventStreamAnswer implements Answer {
  readonly #options: AnswerOptions;
  readonly #relay: SseRelay;
  readonly #sink: ClientSink;
  #committed = false;
  #held: Buffer = empty;

  constructor(options: AnswerOptions & { readonly stripUsage: boolean }) {
    this.#options = options;
    this.#relay = new SseRelay(options);
    this.#sink = new ClientSink(options.call.response, options.attempt);
  }

  get begun(): boolean {
    return this.#relay.begun;
  }

  data(chunk: Buffer): void {
    this.#forward(this.#relay.push(chunk));
  }

  end(): void {
    this.#forward(this.#relay.end());
    if (this.#relay.complete && this.#committed) return this.#finish();
    // The error was the first event: the attempt has failed of it.
    if (this.#relay.error) return;
    const { attempt, deployment } = this.#options;
    const message = `The provider ${deployment.provider} ended its stream before the answer was complete.`;
    const fault = new Fault("stream_interrupted", message);
    if (this.lost(fault) === "part") return attempt.settle({ kind: "interrupted", fault });
    const answer = new Fault("upstream_invalid_response", message);
    attempt.settle({ kind: "failed", failure: { cause: "502", answer } });
  }

  lost(fault: Fault): "nothing" | "part" | "all" {
    const { response } = this.#options.call;
    this.#noteUsage();
    if (!this.#committed) return "nothing";
    if (this.#relay.done) {
      // The answer is whole; only the connection behind it was not closed properly.
      response.end();
      return "all";
    }
    // A client that does not read would not see an event, but must not hold us up either.
    if (this.#sink.blocked) response.destroy();
    else response.end(errorEvent(fault));
    return "part";
  }

  #forward(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#committed) return this.#sink.write(bytes);
    // Comments before the first event tell nothing yet of how the call will go.
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (!this.#relay.begun && this.#held.length <= heldBytesMax) return;
    if (this.#commit()) this.#sink.write(this.#held);
    this.#held = empty;
  }

  /** Send the head with the first event, unless that is an error. */
  #commit(): boolean {
    const { call, deployment, head, attempt, clock, onCommit } = this.#options;
    if (this.#relay.error?.first) {
      const { headers } = head;
      const { provider } = deployment;
      const failure = classifyErrorInSuccess(this.#relay.error.body, { headers, provider });
      attempt.abort({ kind: "failed", failure });
      return false;
    }
    this.#committed = true;
    onCommit();
    call.status = head.status;
    call.firstByteMs = clock.now();
    call.response.writeHead(head.status, [
      ...answerHeaders(call, deployment, head.headers, "text/event-stream; charset=utf-8"),
      "cache-control",
      "no-cache",
      "x-accel-buffering",
      "no",
    ]);
    return true;
  }

  #finish(): void {
    const { call, attempt } = this.#options;
    this.#noteUsage();
    call.response.end();
    if (this.#relay.error) {
      const fault = new Fault(
        "stream_interrupted",
        "The provider sent an error within its stream.",
      );
      return attempt.settle({ kind: "interrupted", fault });
    }
    attempt.settle({ kind: "answered" });
  }

  #noteUsage(): void {
    if (this.#relay.usage) this.#options.call.usage = this.#relay.usage;
  }
}

const empty = Buffer.alloc(0);
/** Most bytes of comments kept before the first event. */
const heldBytesMax = 16 * 1024;

/** What both official clients raise as an error, whichever events came before. */
function errorEvent(fault: Fault): string {
  const { body } = new Fault("stream_interrupted", fault.message);
  return `data: ${JSON.stringify(body)}\n\n`;
}
