import { isRecord, jsonText, parseJson } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { Block } from "./block.ts";

/** A streamed block with no common form (a server tool's call or result, an image), put together. */
export class HeldBlock {
  readonly #start: Block;
  readonly #deltas: Block[] = [];
  #length = 0;

  constructor(start: Block) {
    this.#start = start;
  }

  /** An error if it does not end. */
  add(delta: Block): readonly ChatEvent[] {
    this.#length += JSON.stringify(delta).length;
    if (this.#length > lengthMax) {
      const message = `A block of the answer is longer than ${lengthMax} characters.`;
      return [{ type: "error", error: { kind: "server_error", message, status: 502 } }];
    }
    this.#deltas.push(delta);
    return [];
  }

  /** As it would stand in a whole answer. */
  value(): Block {
    const { toolUse, toolResult, image } = this.#start;
    if (isRecord(toolUse)) return { toolUse: { ...toolUse, input: this.#input() } };
    if (isRecord(toolResult)) {
      return { toolResult: { ...toolResult, content: this.#members("toolResult").flat() } };
    }
    if (isRecord(image)) return { image: { ...image, source: { bytes: this.#bytes() } } };
    return { ...this.#start, deltas: this.#deltas };
  }

  #members(name: string): readonly unknown[] {
    return this.#deltas.flatMap((delta) => (delta[name] === undefined ? [] : [delta[name]]));
  }

  #input(): unknown {
    const pieces = this.#members("toolUse").map((use) => (isRecord(use) ? use["input"] : ""));
    const text = pieces.filter((piece) => typeof piece === "string").join("");
    return parseJson(text || "{}") ?? text;
  }

  /** Each piece is base64 of its own. */
  #bytes(): string {
    const sources = this.#members("image").map((image) => (isRecord(image) ? image["source"] : {}));
    const pieces = sources.map((source) => (isRecord(source) ? jsonText(source["bytes"]) : ""));
    return Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))).toString("base64");
  }
}

/** Characters of JSON. */
const lengthMax = 32 * 1024 * 1024;
