import type { Usage } from "@headgate/core";
import type { StartEvent } from "../../chat/chat-event.ts";
import type { WriteContext } from "../dialect.ts";
import { isServiceTier } from "./service-tier.ts";
import { writeUsage } from "./write-usage.ts";

/** How chunks of an endpoint are called. */
export interface ChunkKind {
  readonly object: string;
  /** Of ids that are made here. */
  readonly idPrefix: string;
  readonly hasServiceTier: boolean;
}

/** What is the same in all chunks of a stream, written once; a chunk costs no more than its own text. */
export class ChunkFrame {
  readonly #context: WriteContext;
  readonly #kind: ChunkKind;
  /** What comes before a chunk's choices, and behind them. */
  #head: string;
  readonly #tail: string;
  #usage: Usage | undefined;

  constructor(context: WriteContext, kind: ChunkKind) {
    this.#context = context;
    this.#kind = kind;
    this.#head = this.#headOf({ type: "start" });
    this.#tail = context.includeUsage ? ',"usage":null}\n\n' : "}\n\n";
  }

  start(event: StartEvent): void {
    this.#head = this.#headOf(event);
  }

  usage(usage: Usage): void {
    this.#usage = usage;
  }

  /** @param choices the member, as it is written. */
  chunk(choices: string): string {
    return this.#head + choices + this.#tail;
  }

  /** The usage, if the client asked for it, and the end. */
  end(): string {
    if (!this.#context.includeUsage || !this.#usage) return done;
    const written = JSON.stringify(writeUsage(this.#usage));
    return `${this.#head}"choices":[],"usage":${written}}\n\n${done}`;
  }

  #headOf({ id, createdS, model, serviceTier, systemFingerprint }: StartEvent): string {
    const context = this.#context;
    const { object, idPrefix, hasServiceTier } = this.#kind;
    const tiered = hasServiceTier && isServiceTier(serviceTier);
    const head = JSON.stringify({
      id: id ?? `${idPrefix}${context.requestId}`,
      object,
      created: createdS ?? context.createdS,
      model: model ?? context.model,
      ...(tiered && { service_tier: serviceTier }),
      ...(systemFingerprint !== undefined && { system_fingerprint: systemFingerprint }),
    });
    return `data: ${head.slice(0, -1)},`;
  }
}

const done = "data: [DONE]\n\n";
