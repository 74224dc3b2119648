/**
 * Ids of tool calls as a vendor takes them: of few characters, and none twice in a conversation.
 * Vendors that have no ids, or count them anew in every answer, give others. A result belongs to the
 * first call of its id, in the turn before it, that has none yet. The same conversation always gets
 * the same ids.
 */
export class CallIds {
  readonly #allowed: (id: string) => string;
  readonly #lengthMax: number;
  readonly #used = new Set<string>();
  /** Of the turn: what the calls of an id are called now. */
  readonly #calls = new Map<string, string[]>();
  #answered = false;

  /**
   * @param allowed makes of any id one that the vendor takes.
   * @param lengthMax characters; more than numberLength.
   */
  constructor(allowed: (id: string) => string, lengthMax = Number.POSITIVE_INFINITY) {
    this.#allowed = allowed;
    this.#lengthMax = lengthMax;
  }

  /** The id of a call. */
  call(id: string): string {
    if (this.#answered) this.#calls.clear();
    this.#answered = false;
    const base = this.#allowed(id);
    let unique = base;
    for (let n = 2; this.#used.has(unique); n++) {
      unique = `${base.slice(0, this.#lengthMax - numberLength)}_${n}`;
    }
    this.#used.add(unique);
    this.#calls.set(id, [...(this.#calls.get(id) ?? []), unique]);
    return unique;
  }

  /** The id of the call that a result answers. */
  result(id: string): string {
    this.#answered = true;
    const [first, ...others] = this.#calls.get(id) ?? [];
    if (others.length > 0) this.#calls.set(id, others);
    return first ?? this.#allowed(id);
  }
}

/** Room for what tells ids apart: `_` and five digits. */
const numberLength = 6;
