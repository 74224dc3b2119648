import { Fault } from "@headgate/core";
import { errorFields } from "../dialects/error-fields.ts";
import type { StreamConversion } from "../relay/conversion.ts";
import { answerHeaders, asksForCost, costAsked, costHeader } from "./answer-headers.ts";
import type { Answer } from "./attempt.ts";
import { ClientSink } from "./client-sink.ts";
import type { AnswerOptions } from "./plain-answer.ts";
import { translatedFailure } from "./upstream-failure.ts";

/**
 * An answer that is a stream of events, passed on or translated as they come. The first event with
 * something of the answer in it is the commit point: until then nothing was sent, and the call can
 * be tried elsewhere; from then on a broken stream is made visible, with an error event and no
 * clean end.
 */
export class EventStreamAnswer implements Answer {
  readonly #options: AnswerOptions;
  readonly #conversion: StreamConversion;
  readonly #sink: ClientSink;
  #committed = false;
  #held: Buffer = empty;
  #sentBytes = 0;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#conversion = options.conversion.stream();
    this.#sink = new ClientSink(options.call.response, options.attempt);
  }

  get begun(): boolean {
    return this.#conversion.begun;
  }

  data(chunk: Buffer): void {
    this.#forward(this.#conversion.push(chunk));
  }

  end(): void {
    this.#forward(this.#conversion.end());
    if (this.#conversion.complete && this.#committed) return this.#finish();
    // The error was the first event: the attempt has failed of it.
    if (this.#conversion.error?.first) return;
    const { attempt, deployment } = this.#options;
    const message = `The provider ${deployment.provider} ended its stream before the answer was complete.`;
    const fault = new Fault("stream_interrupted", message);
    if (this.lost(fault) === "part") return attempt.settle({ kind: "interrupted", fault });
    const answer = new Fault("upstream_invalid_response", message);
    attempt.settle({ kind: "failed", failure: { cause: "502", answer } });
  }

  left(): void {
    if (this.#committed) this.#noteUsage();
  }

  lost(fault: Fault): "nothing" | "part" | "all" {
    const { response } = this.#options.call;
    if (this.#conversion.done) this.#forward(this.#conversion.end());
    this.#noteUsage();
    if (!this.#committed) return "nothing";
    if (this.#conversion.done) {
      // The answer is whole; only the connection behind it was not closed properly.
      this.#end();
      return "all";
    }
    // A client that does not read would not see an event, but must not hold us up either.
    if (this.#sink.blocked) response.destroy();
    else {
      const { message } = fault;
      response.end(this.#conversion.fail(errorFields(new Fault("stream_interrupted", message))));
    }
    return "part";
  }

  #forward(bytes: Buffer): void {
    if (this.#committed) {
      if (bytes.length > 0) this.#write(bytes);
      return;
    }
    if (this.#conversion.error?.first) return this.#failFirst();
    if (bytes.length === 0) return;
    // What comes before the first event of the answer tells nothing yet of how the call will go.
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (!this.#conversion.begun && this.#held.length <= heldBytesMax) return;
    this.#commit();
    this.#write(this.#held);
    this.#held = empty;
  }

  #write(bytes: Buffer): void {
    this.#sentBytes += bytes.length;
    this.#sink.write(bytes);
  }

  /** There never was an answer: the provider told of an error where its first event should be. */
  #failFirst(): void {
    const { call, deployment, head, attempt } = this.#options;
    const error = this.#conversion.error?.error;
    if (!error) return;
    const failure = translatedFailure(error, head, { call, deployment });
    attempt.abort({ kind: "failed", failure });
  }

  /** Send the head. */
  #commit(): void {
    const { call, conversion, head, clock, onCommit } = this.#options;
    const sentHeaders = conversion.translates ? {} : head.headers;
    this.#committed = true;
    onCommit();
    call.status = head.status;
    call.firstByteMs = clock.now();
    call.response.writeHead(head.status, [
      ...answerHeaders(call, sentHeaders, "text/event-stream; charset=utf-8"),
      "cache-control",
      "no-cache",
      "x-accel-buffering",
      "no",
      ...(asksForCost(call) ? ["trailer", costHeader] : []),
    ]);
  }

  #finish(): void {
    const { attempt } = this.#options;
    this.#noteUsage();
    this.#end();
    if (this.#conversion.error) {
      const fault = new Fault(
        "stream_interrupted",
        "The provider sent an error within its stream.",
      );
      return attempt.settle({ kind: "interrupted", fault });
    }
    attempt.settle({ kind: "answered" });
  }

  #end(): void {
    const { call } = this.#options;
    const cost = costAsked(call);
    if (cost !== undefined) call.response.addTrailers([[costHeader, cost]]);
    call.response.end();
  }

  #noteUsage(): void {
    const { call } = this.#options;
    const { usage, textBytes = this.#sentBytes / bytesPerTextByte } = this.#conversion;
    if (usage) call.usage = usage;
    call.answerTextBytes = Math.round(textBytes);
    call.cut = !this.#conversion.complete;
  }
}

const empty = Buffer.alloc(0);
/** Events passed on unread: about 200 bytes for a token of four. */
const bytesPerTextByte = 50;
/** Most bytes kept before the first event of the answer. */
const heldBytesMax = 16 * 1024;
