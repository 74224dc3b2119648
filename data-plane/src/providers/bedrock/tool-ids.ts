import { createHash } from "node:crypto";

/**
 * The ids under which a conversation's tool calls go to the vendor. Bedrock takes 1 to 64 of
 * `[a-zA-Z0-9_-]`, each once per conversation; other vendors' ids may be longer, have other
 * characters, or be used again. The same conversation always gets the same ids.
 */
export class ToolIds {
  /** Vendor ids of each client's id: those that wait for their result, and the last one. */
  readonly #waiting = new Map<string, string[]>();
  readonly #last = new Map<string, string>();
  readonly #used = new Set<string>();

  /** For a call. */
  call(id: string): string {
    const base = allowed(id);
    let own = base;
    for (let n = 2; this.#used.has(own); n++) own = `${base.slice(0, idLengthMax - 6)}_${n}`;
    this.#used.add(own);
    const waiting = this.#waiting.get(id);
    if (waiting) waiting.push(own);
    else this.#waiting.set(id, [own]);
    this.#last.set(id, own);
    return own;
  }

  /** For a result: of the first call of this id without one. */
  result(id: string): string {
    return this.#waiting.get(id)?.shift() ?? this.#last.get(id) ?? allowed(id);
  }
}

function allowed(id: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(id)) return id;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 16);
  return `${id.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 40)}_${hash}`;
}

const idLengthMax = 64;
