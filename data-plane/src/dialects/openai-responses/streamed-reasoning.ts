import type { Json } from "../members.ts";
import { reasoningItem, summaryPart } from "./output-items.ts";
import type { Emit, StreamedItem } from "./streamed-item.ts";

/** A thought, told as one part of a summary; or none, and only the vendor's state. */
export class StreamedReasoning implements StreamedItem {
  readonly #emit: Emit;
  readonly #index: number;
  readonly #id: string;
  #text = "";
  #sealed: string | undefined;
  /** What comes next is another thought. */
  ended = false;
  closed = false;

  constructor(emit: Emit, index: number, id: string) {
    this.#emit = emit;
    this.#index = index;
    this.#id = id;
  }

  open(): void {
    const item = reasoningItem(this.#id, "", undefined);
    this.#emit({ type: "response.output_item.added", output_index: this.#index, item });
  }

  text(delta: string): void {
    if (this.#text === "") this.#tell("part.added", { part: summaryPart("") });
    this.#text += delta;
    this.#tell("text.delta", { delta });
  }

  seal(content: string): void {
    this.#sealed = content;
  }

  close(): void {
    this.closed = true;
    if (this.#text !== "") {
      this.#tell("text.done", { text: this.#text });
      this.#tell("part.done", { part: summaryPart(this.#text) });
    }
    const item = this.item();
    this.#emit({ type: "response.output_item.done", output_index: this.#index, item });
  }

  item(): Json {
    return reasoningItem(this.#id, this.#text, this.#sealed);
  }

  #tell(what: string, members: Json): void {
    this.#emit({
      type: `response.reasoning_summary_${what}`,
      item_id: this.#id,
      output_index: this.#index,
      summary_index: 0,
      ...members,
    });
  }
}
