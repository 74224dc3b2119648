import { createHash } from "node:crypto";

/**
 * Ids of a response and its items: made up from those of the call and of the vendor's answer, so
 * that no two of a conversation are the same. OpenAI wants back ids of its own prefixes, up to 64
 * characters long.
 */
export class ItemIds {
  readonly #seed: string;
  #items = 0;

  constructor(requestId: string, answerId: string | undefined) {
    const text = `${requestId}/${answerId ?? ""}`;
    this.#seed = createHash("sha256").update(text).digest("hex").slice(0, 40);
  }

  get response(): string {
    return `resp_${this.#seed}`;
  }

  next(prefix: ItemPrefix): string {
    const ordinal = this.#items.toString(16).padStart(4, "0");
    this.#items += 1;
    return `${prefix}_${this.#seed}${ordinal}`;
  }
}

/** Of messages, thoughts, function calls, calls of custom tools. */
export type ItemPrefix = "msg" | "rs" | "fc" | "ctc";
