import { isJson, type Json } from "./json.ts";

/**
 * Which call of its choice each delta belongs to. Clients join deltas by their `index`; servers
 * leave it out, or give whole calls of one turn the same one, and would see them joined.
 */
export class ToolCallIndexes {
  readonly #ids: (string | undefined)[] = [];
  /** Ours, by the server's. */
  readonly #ours = new Map<number, number>();
  #last = 0;

  /** There was a call. */
  get any(): boolean {
    return this.#ids.length > 0;
  }

  of(call: Json): number {
    const theirs = Number.isInteger(call["index"]) ? Number(call["index"]) : undefined;
    this.#last = this.#find(theirs, idOf(call), startsCall(call));
    if (theirs !== undefined) this.#ours.set(theirs, this.#last);
    return this.#last;
  }

  #find(theirs: number | undefined, id: string | undefined, starts: boolean): number {
    const known = theirs === undefined ? undefined : this.#ours.get(theirs);
    if (known !== undefined) return this.#isOther(known, id, starts) ? this.#add(id) : known;
    if (theirs !== undefined) return this.#add(id, theirs);
    const same = id === undefined ? -1 : this.#ids.indexOf(id);
    if (same >= 0) return same;
    return starts || this.#ids.length === 0 ? this.#add(id) : this.#last;
  }

  /** Another call, under an index that was already given. */
  #isOther(index: number, id: string | undefined, starts: boolean): boolean {
    return starts && id !== undefined && this.#ids[index] !== undefined && this.#ids[index] !== id;
  }

  #add(id: string | undefined, wanted = this.#ids.length): number {
    const index = this.#ids.length > wanted ? this.#ids.length : wanted;
    this.#ids[index] = id;
    return index;
  }
}

function idOf(call: Json): string | undefined {
  const { id } = call;
  return typeof id === "string" && id !== "" ? id : undefined;
}

function startsCall(call: Json): boolean {
  const called = call["function"];
  return isJson(called) && typeof called["name"] === "string" && called["name"] !== "";
}
