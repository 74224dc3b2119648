import { isRecord, type NamedEvent, NamedEvents, parseJson, type Usage } from "@headgate/core";
import type { ErrorFields } from "../dialects/dialect.ts";
import { errorEvent } from "../dialects/openai-responses/write-error.ts";
import type { StreamConversion } from "./conversion.ts";
import { responsesError } from "./responses-error.ts";
import { typeOfEvent } from "./responses-event-type.ts";
import { EventMender } from "./responses-mend-event.ts";
import { usageFromResponse } from "./responses-usage.ts";

/**
 * A stream of the Responses API on its way to a client that speaks it, too: whole events only.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
export class ResponsesStream implements StreamConversion {
  readonly #events = new NamedEvents();
  readonly #mender: EventMender;
  #begun = false;
  #done = false;
  #error: StreamConversion["error"];
  #usage: Usage | undefined;

  constructor(deploymentId: string) {
    this.#mender = new EventMender(deploymentId);
  }

  get begun(): boolean {
    return this.#begun;
  }

  get complete(): boolean {
    return this.#done || this.#error !== undefined;
  }

  get done(): boolean {
    return this.#done;
  }

  get error(): StreamConversion["error"] {
    return this.#error;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  push(chunk: Buffer): Buffer {
    return this.#take(this.#events.push(chunk));
  }

  end(): Buffer {
    const event = this.#events.end();
    // The last event may lack its empty line, but one that was cut short is none.
    if (!event?.data || !isWhole(event.data)) return empty;
    return this.#take([event]);
  }

  fail(error: ErrorFields): string {
    return errorEvent(error, this.#mender.sequenceNumber);
  }

  #take(events: readonly NamedEvent[]): Buffer {
    const pieces = events.map((event) => this.#pass(event));
    const [only] = pieces;
    return pieces.length === 1 && only ? only : Buffer.concat(pieces);
  }

  #pass(event: NamedEvent): Buffer {
    const type = typeOfEvent(event);
    if (type === undefined) return event.bytes;
    if (failures.has(type)) this.#fail(type, event);
    else if (!signsOfLife.has(type) && type.startsWith("response.")) this.#begun = true;
    if (ends.has(type)) {
      this.#done = true;
      this.#readUsage(event);
    }
    return this.#mender.mend(event, type);
  }

  #fail(type: string, { data }: NamedEvent): void {
    if (this.#error) return;
    const value = parse(data);
    const told = type === "error" ? value : value?.["response"];
    this.#error = { error: responsesError(told), first: !this.#begun };
  }

  #readUsage({ data }: NamedEvent): void {
    if (!data?.includes('"usage"')) return;
    const response = parse(data)?.["response"];
    const usage = isRecord(response) ? usageFromResponse(response["usage"]) : undefined;
    if (usage) this.#usage = usage;
  }
}

const empty = Buffer.alloc(0);

/** They say that the provider is at work, and nothing of how it will go. */
const signsOfLife: ReadonlySet<string> = new Set([
  "response.created",
  "response.queued",
  "response.in_progress",
]);
const failures: ReadonlySet<string> = new Set(["error", "response.failed"]);
/** After these nothing comes. */
const ends: ReadonlySet<string> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
]);

function isWhole(data: Buffer): boolean {
  return data.toString("latin1").trim() === "[DONE]" || parse(data) !== undefined;
}

function parse(data: Buffer | undefined): Readonly<Record<string, unknown>> | undefined {
  const value = data && parseJson(data.toString("utf8"));
  return isRecord(value) ? value : undefined;
}
