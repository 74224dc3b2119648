import { isRecord, parseJson } from "@headgate/core";
import type { Json } from "./checked.ts";

interface Block {
  readonly kind: "text" | "thinking" | "call" | "whole";
  /** `content_block` of its start. */
  readonly start: Json;
  /** Ordinal of the call. */
  readonly call: number | undefined;
  /** Not written yet. */
  deltas: Json[];
  /** Of a call: all of its JSON text. */
  input: string;
  started: boolean;
  closed: boolean;
}

/**
 * Content blocks, one after the other. Other vendors' calls may grow side by side: the first that is
 * not whole is written as it grows, what comes behind it waits for its end.
 */
export class BlockQueue {
  #blocks: Block[] = [];
  /** Of the block in front. */
  #index = 0;
  /** The block that came last, if it can still grow. */
  #last: Block | undefined;

  /** Of the block under way. */
  get kind(): Block["kind"] | undefined {
    return this.#last?.kind;
  }

  /** More of a block of this kind: of the one under way, or a new one. */
  grow(kind: "text" | "thinking", start: Json, delta: Json): void {
    const block = this.#last?.kind === kind ? this.#last : this.#push(kind, start);
    block.deltas.push(delta);
  }

  whole(start: Json): void {
    this.#push("whole", start).closed = true;
    this.#last = undefined;
  }

  startCall(call: number, start: Json): void {
    this.#push("call", start, call);
  }

  growCall(call: number, input: string): void {
    const block = this.#blocks.find((one) => one.call === call);
    if (!block || block.closed || input === "") return;
    block.input += input;
    block.deltas.push({ type: "input_json_delta", partial_json: input });
    if (block !== this.#last) closeIfWhole(block);
  }

  /** The last block grows no more. */
  close(): void {
    if (this.#last) this.#last.closed = true;
    this.#last = undefined;
  }

  /** No block grows any more. */
  finish(): void {
    for (const block of this.#blocks) block.closed = true;
    this.#last = undefined;
  }

  /** The events that can be written now. */
  take(): readonly Json[] {
    const events: Json[] = [];
    for (let block = this.#blocks[0]; block; block = this.#blocks[0]) {
      const index = this.#index;
      if (!block.started) {
        events.push({ type: "content_block_start", index, content_block: block.start });
      }
      block.started = true;
      for (const delta of block.deltas) events.push({ type: "content_block_delta", index, delta });
      block.deltas = [];
      if (!block.closed) break;
      events.push({ type: "content_block_stop", index });
      this.#blocks.shift();
      this.#index += 1;
    }
    return events;
  }

  /** Text and thoughts end where another block begins; a call where its JSON does. */
  #push(kind: Block["kind"], start: Json, call?: number): Block {
    const { kind: before } = this;
    if (before === "text" || before === "thinking") this.close();
    for (const block of this.#blocks) if (block.kind === "call") closeIfWhole(block);
    const block = { kind, start, call, deltas: [], input: "", started: false, closed: false };
    this.#blocks.push(block);
    this.#last = block;
    return block;
  }
}

/** Text of JSON that is whole gets no more of it. */
function closeIfWhole(block: Block): void {
  if (!block.closed && block.input.trimEnd().endsWith("}")) {
    block.closed = isRecord(parseJson(block.input));
  }
}
