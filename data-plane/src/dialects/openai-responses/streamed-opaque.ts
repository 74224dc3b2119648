import type { Json } from "../members.ts";
import type { Emit, StreamedItem } from "./streamed-item.ts";

/** An item that comes as a whole. */
export class StreamedOpaque implements StreamedItem {
  readonly #emit: Emit;
  readonly #index: number;
  readonly #item: Json;
  closed = false;

  constructor(emit: Emit, index: number, item: Json) {
    this.#emit = emit;
    this.#index = index;
    this.#item = item;
  }

  open(): void {
    this.#tell("response.output_item.added");
  }

  close(_status: "completed" | "incomplete"): void {
    this.closed = true;
    this.#tell("response.output_item.done");
  }

  item(): Json {
    return this.#item;
  }

  #tell(type: string): void {
    this.#emit({ type, output_index: this.#index, item: this.#item });
  }
}
