import type { Json } from "../members.ts";
import { customInput } from "./custom-tool.ts";
import { type CallFields, callItem, type ItemStatus } from "./output-items.ts";
import type { Emit, StreamedItem } from "./streamed-item.ts";

/** A call of a function, or of a custom tool: that one's input is told once it can be read. */
export class StreamedCall implements StreamedItem {
  readonly #emit: Emit;
  readonly #index: number;
  readonly #fields: CallFields;
  #arguments = "";
  #status: ItemStatus = "in_progress";
  /** Nothing of it is to come; it is closed when something else begins. */
  ended = false;

  constructor(emit: Emit, index: number, fields: CallFields) {
    this.#emit = emit;
    this.#index = index;
    this.#fields = fields;
  }

  get closed(): boolean {
    return this.#status !== "in_progress";
  }

  open(): void {
    this.#item("added", callItem(this.#fields, "in_progress", ""));
  }

  delta(text: string): void {
    if (text === "" || this.closed) return;
    this.#arguments += text;
    if (!this.#fields.custom) this.#tell("function_call_arguments.delta", { delta: text });
  }

  close(status: ItemStatus): void {
    if (this.closed) return;
    // A call without arguments has an empty object of them.
    if (this.#arguments === "") this.delta("{}");
    this.#status = status;
    if (this.#fields.custom) this.#input();
    else {
      const { name } = this.#fields;
      this.#tell("function_call_arguments.done", { name, arguments: this.#arguments });
    }
    this.#item("done", this.item());
  }

  item(): Json {
    const status = this.#status === "in_progress" ? "incomplete" : this.#status;
    return callItem(this.#fields, status, this.#arguments);
  }

  #input(): void {
    const input = customInput(this.#arguments);
    if (input !== "") this.#tell("custom_tool_call_input.delta", { delta: input });
    this.#tell("custom_tool_call_input.done", { input });
  }

  #item(what: "added" | "done", item: Json): void {
    this.#emit({ type: `response.output_item.${what}`, output_index: this.#index, item });
  }

  #tell(what: string, members: Json): void {
    this.#emit({
      type: `response.${what}`,
      item_id: this.#fields.id,
      output_index: this.#index,
      ...members,
    });
  }
}
