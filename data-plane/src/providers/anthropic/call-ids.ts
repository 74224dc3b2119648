/**
 * Ids of tool calls as Anthropic takes them: of few characters, and none twice in a conversation.
 * Vendors that have no ids, or count them anew in every answer, give others. A result belongs to the
 * first call of its id, in the turn before it, that has none yet.
 */
export class CallIds {
  readonly #used = new Set<string>();
  /** Of the turn: what the calls of an id are called now. */
  readonly #calls = new Map<string, string[]>();
  #answered = false;

  /** The id of a call. */
  call(id: string): string {
    if (this.#answered) this.#calls.clear();
    this.#answered = false;
    const clean = cleanId(id);
    let unique = clean;
    for (let n = 2; this.#used.has(unique); n++) unique = `${clean}_${n}`;
    this.#used.add(unique);
    this.#calls.set(id, [...(this.#calls.get(id) ?? []), unique]);
    return unique;
  }

  /** The id of the call that a result answers. */
  result(id: string): string {
    this.#answered = true;
    const [first, ...others] = this.#calls.get(id) ?? [];
    if (others.length > 0) this.#calls.set(id, others);
    return first ?? cleanId(id);
  }
}

function cleanId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_") || "call";
}
