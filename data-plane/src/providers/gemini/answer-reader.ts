import { isRecord, jsonText } from "@headgate/core";
import type { ChatEvent, StartEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { ApiError } from "../api-error.ts";
import { errorOfValue } from "../google/google-error.ts";
import { CandidateReader } from "./candidate-reader.ts";
import { geminiUsage, isOutputCounted } from "./usage.ts";

/**
 * Reads an answer, whole or chunk by chunk: both are `GenerateContentResponse`s.
 * https://ai.google.dev/api/generate-content#generatecontentresponse
 */
export class AnswerReader {
  readonly #turn: number;
  readonly #candidates = new Map<number, CandidateReader>();
  #started = false;
  #answerId: string | undefined;
  #usage: unknown;
  #failed: "told" | "unreadable" | undefined;
  #ended = false;

  constructor(request: Pick<ChatRequest, "messages">) {
    this.#turn = request.messages.length;
  }

  /** Every candidate has its finish, or an error was told. */
  get complete(): boolean {
    if (this.#failed) return this.#failed === "told";
    const candidates = [...this.#candidates.values()];
    return candidates.length > 0 && candidates.every((candidate) => candidate.finished);
  }

  read(chunk: unknown): readonly ChatEvent[] {
    if (this.#failed || this.#ended || !isRecord(chunk)) return [];
    const error = errorOfValue(chunk);
    if (error) return this.#fail(error, "told");
    const { responseId } = chunk;
    if (typeof responseId === "string") this.#answerId ??= responseId;
    const events: ChatEvent[] = this.#started ? [] : [startOf(chunk)];
    this.#started = true;
    events.push(...this.#readCandidates(chunk));
    events.push(...this.#readUsage(chunk["usageMetadata"]));
    return events;
  }

  /** Nothing more will come. */
  end(): readonly ChatEvent[] {
    if (this.#failed || this.#ended) return [];
    this.#ended = true;
    const events: ChatEvent[] = [];
    for (const [choice, candidate] of this.#candidates) {
      const finish = candidate.finish();
      if (!finish) continue;
      if (finish.kind === "error") return this.#fail(unusable(finish.message), "told");
      const { reason, native } = finish;
      events.push({ type: "finish", choice, reason, native });
    }
    const usage = geminiUsage(this.#usage);
    return usage ? [...events, { type: "usage", usage }] : events;
  }

  /** What came can't be read. */
  unreadable(what: string): readonly ChatEvent[] {
    const message = `Google sent ${what}.`;
    return this.#failed
      ? []
      : this.#fail({ kind: "server_error", message, status: 502 }, "unreadable");
  }

  #fail(error: ApiError, how: "told" | "unreadable"): readonly ChatEvent[] {
    this.#failed = how;
    return [{ type: "error", error }];
  }

  #readCandidates(chunk: Readonly<Record<string, unknown>>): readonly ChatEvent[] {
    const { candidates, promptFeedback: feedback } = chunk;
    const list = Array.isArray(candidates) ? candidates.filter(isRecord) : [];
    const blocked = isRecord(feedback) ? feedback["blockReason"] : undefined;
    if (list.length === 0 && typeof blocked === "string") this.#block(blocked);
    const ids = { answerId: this.#answerId, turn: this.#turn };
    return list.flatMap((candidate, at) => {
      return this.#candidate(indexOf(candidate, at, list)).read(candidate, ids);
    });
  }

  #block(reason: string): void {
    if (this.#candidates.size === 0) this.#candidate(0);
    for (const candidate of this.#candidates.values()) candidate.block(reason);
  }

  #candidate(index: number): CandidateReader {
    const known = this.#candidates.get(index);
    if (known) return known;
    const candidate = new CandidateReader(index);
    this.#candidates.set(index, candidate);
    return candidate;
  }

  /** Each chunk tells the sum so far; a stream that breaks off is settled with the last one. */
  #readUsage(metadata: unknown): readonly ChatEvent[] {
    const usage = geminiUsage(metadata);
    if (!usage) return [];
    this.#usage = metadata;
    return isOutputCounted(metadata) ? [{ type: "usage", usage }] : [];
  }
}

function startOf(chunk: Readonly<Record<string, unknown>>): StartEvent {
  const { responseId, modelVersion, createTime, usageMetadata } = chunk;
  const createdMs = typeof createTime === "string" ? Date.parse(createTime) : Number.NaN;
  const tier = isRecord(usageMetadata)
    ? tiers.get(jsonText(usageMetadata["serviceTier"]))
    : undefined;
  return {
    type: "start",
    ...(typeof responseId === "string" && { id: responseId }),
    ...(typeof modelVersion === "string" && { model: modelVersion }),
    ...(!Number.isNaN(createdMs) && { createdS: Math.floor(createdMs / 1000) }),
    ...(tier !== undefined && { serviceTier: tier }),
  };
}

/** In OpenAI's words. */
const tiers = new Map([
  ["standard", "default"],
  ["flex", "flex"],
  ["priority", "priority"],
]);

/** Protobuf leaves out an index of 0; a mock leaves out all of them. */
function indexOf(
  candidate: Readonly<Record<string, unknown>>,
  at: number,
  all: readonly Readonly<Record<string, unknown>>[],
): number {
  const { index } = candidate;
  if (typeof index === "number" && Number.isInteger(index) && index >= 0) return index;
  return all.some((other) => typeof other["index"] === "number") ? 0 : at;
}

/** The model wrote what Google itself could not make sense of. Another try may well succeed. */
function unusable(message: string): ApiError {
  return { kind: "server_error", message, status: 500 };
}
