/**
 * Ids of tool calls as Anthropic takes them: of few characters, and none twice in a conversation.
 * Vendors that have no ids, or count them anew in every answer, give others. A result belongs to the
 * last call of its id that has none yet.
 */
export class CallIds {
  readonly #used = new Set<string>();
  readonly #open = new Map<string, string[]>();

  /** The id of a call. */
  call(id: string): string {
    const clean = cleanId(id);
    let unique = clean;
    for (let n = 2; this.#used.has(unique); n++) unique = `${clean}_${n}`;
    this.#used.add(unique);
    const open = this.#open.get(id);
    if (open) open.push(unique);
    else this.#open.set(id, [unique]);
    return unique;
  }

  /** The id of the call that a result answers. */
  result(id: string): string {
    const open = this.#open.get(id);
    if (!open) return cleanId(id);
    return (open.length > 1 ? open.shift() : open[0]) ?? cleanId(id);
  }
}

function cleanId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_") || "call";
}
