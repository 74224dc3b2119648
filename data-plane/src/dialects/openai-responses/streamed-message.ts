import type { Json } from "../members.ts";
import { type ItemStatus, logprobsOf, messageItem, refusalPart, textPart } from "./output-items.ts";
import type { Emit, StreamedItem } from "./streamed-item.ts";

/** A message: texts and refusals, one after the other. */
export class StreamedMessage implements StreamedItem {
  readonly #emit: Emit;
  readonly #index: number;
  readonly #id: string;
  readonly #content: Json[] = [];
  #status: ItemStatus = "in_progress";
  /** The part under way. */
  #part: StreamedPart | undefined;
  /** What comes next is another part. */
  ended = false;

  constructor(emit: Emit, index: number, id: string) {
    this.#emit = emit;
    this.#index = index;
    this.#id = id;
  }

  get closed(): boolean {
    return this.#status !== "in_progress";
  }

  /** A text is under way. */
  get inText(): boolean {
    return this.#part?.type === "output_text" && !this.ended;
  }

  open(): void {
    const item = messageItem(this.#id, "in_progress", []);
    this.#emit({ type: "response.output_item.added", output_index: this.#index, item });
  }

  text(delta: string, logprobs: readonly unknown[] | undefined): void {
    const part = this.#goOn("output_text");
    const list = logprobsOf(logprobs);
    part.text += delta;
    part.logprobs.push(...list);
    if (delta === "" && list.length === 0) return;
    this.#tell("output_text.delta", { delta, logprobs: list });
  }

  refusal(delta: string): void {
    this.#goOn("refusal").text += delta;
    this.#tell("refusal.delta", { delta });
  }

  annotate(annotation: unknown): void {
    const { annotations } = this.#goOn("output_text");
    const members = { annotation_index: annotations.length, annotation };
    annotations.push(annotation);
    this.#tell("output_text.annotation.added", members);
  }

  close(status: ItemStatus): void {
    this.#endPart();
    this.#status = status;
    const item = this.item();
    this.#emit({ type: "response.output_item.done", output_index: this.#index, item });
  }

  item(): Json {
    const content = this.#part ? [...this.#content, partOf(this.#part)] : this.#content;
    const status = this.#status === "in_progress" ? "incomplete" : this.#status;
    return messageItem(this.#id, status, content);
  }

  #goOn(type: StreamedPart["type"]): StreamedPart {
    if (this.#part?.type === type && !this.ended) return this.#part;
    this.#endPart();
    this.ended = false;
    const part: StreamedPart = { type, text: "", annotations: [], logprobs: [] };
    this.#part = part;
    this.#tell("content_part.added", { part: partOf(part) });
    return part;
  }

  #endPart(): void {
    if (!this.#part) return;
    const { type, text, logprobs } = this.#part;
    const part = partOf(this.#part);
    if (type === "refusal") this.#tell("refusal.done", { refusal: text });
    else this.#tell("output_text.done", { text, logprobs });
    this.#tell("content_part.done", { part });
    this.#content.push(part);
    this.#part = undefined;
  }

  #tell(what: string, members: Json): void {
    this.#emit({
      type: `response.${what}`,
      item_id: this.#id,
      output_index: this.#index,
      content_index: this.#content.length,
      ...members,
    });
  }
}

interface StreamedPart {
  readonly type: "output_text" | "refusal";
  text: string;
  readonly annotations: unknown[];
  readonly logprobs: Json[];
}

function partOf({ type, text, annotations, logprobs }: StreamedPart): Json {
  return type === "refusal" ? refusalPart(text) : textPart(text, [...annotations], [...logprobs]);
}
