import fc from "fast-check";
import { expect } from "vitest";
import type { Compare, Store, Transaction, WatchBatch, Write } from "./store.ts";

/** A key as the model knows it: value, creating revision, last revision. */
type Known = readonly [value: string, createRevision: number, revision: number];

/** The plainest store there is: all of the past, as maps. */
interface Model {
  readonly prefix: string;
  /** The state behind each revision we made, oldest first. */
  readonly past: { readonly revision: number; readonly state: ReadonlyMap<string, Known> }[];
  compacted: number;
}

type StoreCommand = fc.AsyncCommand<Model, Store>;

/** Random commands against the store and the model, compared after each, and its watch at the end. */
export async function storeProperties(store: Store): Promise<void> {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 40 }), async (sequence) => {
      run += 1;
      const prefix = `/run-${run}/`;
      const { revision } = await store.get(prefix);
      const model: Model = { prefix, past: [{ revision, state: new Map() }], compacted: 0 };
      await fc.asyncModelRun(() => ({ model, real: store }), sequence);
      await compareHistory(model, store);
    }),
    { numRuns: 60 },
  );
}

interface Wish {
  readonly writes: readonly { readonly key: string; readonly value: string | undefined }[];
  /** Which key to compare, and with what: its real revision or another. */
  readonly compare?: { readonly key: string; readonly right: boolean; readonly create: boolean };
}

class Transact implements StoreCommand {
  readonly #wish: Wish;

  constructor(wish: Wish) {
    this.#wish = wish;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, store: Store): Promise<void> {
    const transaction = transactionFrom(this.#wish, model);
    const result = await store.transact(transaction);
    expect(result.ok).toBe(this.#wish.compare?.right ?? true);
    const state = new Map(present(model).state);
    let changed = false;
    for (const { key, value } of this.#wish.writes) {
      const known = state.get(key);
      if (value === undefined) changed = state.delete(key) || changed;
      else state.set(key, [value, known?.[1] ?? result.revision, result.revision]);
      changed ||= value !== undefined;
    }
    if (!result.ok || !changed) return;
    expect(result.revision).toBeGreaterThan(present(model).revision);
    model.past.push({ revision: result.revision, state });
  }

  toString(): string {
    return `transact ${JSON.stringify(this.#wish)}`;
  }
}

/** List at a moment of the past, by pages, and read each key of it. */
class ReadAt implements StoreCommand {
  readonly #ago: number;
  readonly #limit: number;

  constructor(ago: number, limit: number) {
    this.#ago = ago;
    this.#limit = limit;
  }

  check(model: Readonly<Model>): boolean {
    const revision = model.past.at(-1 - this.#ago)?.revision;
    return revision !== undefined && revision >= model.compacted;
  }

  async run({ prefix, past }: Model, store: Store): Promise<void> {
    const { revision, state } = past.at(-1 - this.#ago) ?? { revision: 0, state: new Map() };
    const listed = new Map<string, Known>();
    for (let after = "", more = true; more; ) {
      const page = await store.list(prefix, { revision, limit: this.#limit, after });
      for (const entry of page.value) {
        const known = [text(entry.value), entry.createRevision, entry.revision] as const;
        listed.set(entry.key.slice(prefix.length), known);
      }
      after = page.value.at(-1)?.key ?? "";
      more = page.more;
    }
    expect([...listed]).toEqual([...state].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    for (const key of keys) {
      const { value } = await store.get(prefix + key, { revision });
      expect(value?.revision).toBe(state.get(key)?.[2]);
    }
  }

  toString(): string {
    return `read ${this.#ago} changes ago, by ${this.#limit}`;
  }
}

class Compact implements StoreCommand {
  readonly #ago: number;

  constructor(ago: number) {
    this.#ago = ago;
  }

  check(model: Readonly<Model>): boolean {
    return model.past.at(-1 - this.#ago) !== undefined;
  }

  async run(model: Model, store: Store): Promise<void> {
    const revision = model.past.at(-1 - this.#ago)?.revision ?? 0;
    await store.compact(revision);
    model.compacted = Math.max(model.compacted, revision);
  }

  toString(): string {
    return `compact ${this.#ago} changes ago`;
  }
}

const keys = ["a", "aa", "b", "é"] as const;
const writes = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom(...keys),
    value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
  }),
  { selector: ({ key }) => key, maxLength: 4 },
);
const compare = fc.record({
  key: fc.constantFrom(...keys),
  right: fc.boolean(),
  create: fc.boolean(),
});
const commands = [
  writes.map((writes) => new Transact({ writes })),
  fc.record({ writes, compare }).map((wish) => new Transact(wish)),
  fc.tuple(fc.nat(8), fc.integer({ min: 1, max: 5 })).map(([ago, limit]) => new ReadAt(ago, limit)),
  fc.nat(20).map((ago) => new Compact(ago)),
];

function transactionFrom({ writes, compare }: Wish, model: Model): Transaction {
  const { prefix } = model;
  return {
    writes: writes.map(
      ({ key, value }): Write =>
        value === undefined
          ? { type: "delete", key: prefix + key }
          : { type: "put", key: prefix + key, value: new TextEncoder().encode(value) },
    ),
    compare: compare ? [compareFrom(compare, model)] : [],
  };
}

function compareFrom(compare: NonNullable<Wish["compare"]>, model: Model): Compare {
  const [, createRevision, revision] = present(model).state.get(compare.key) ?? ["", 0, 0];
  const actual = compare.create ? createRevision : revision;
  return {
    key: model.prefix + compare.key,
    revision: compare.right ? actual : actual + 1,
    target: compare.create ? "createRevision" : "revision",
  };
}

/** Watched from behind the compaction on, the changes are those between the states of the model. */
async function compareHistory({ prefix, past, compacted }: Model, store: Store): Promise<void> {
  const told = past.flatMap(({ revision, state }, index) => {
    const before = past[index - 1];
    if (!before || revision <= compacted) return [];
    return [[revision, ...differences(before.state, state, revision)]];
  });
  const from = Math.max(compacted, past[0]?.revision ?? 0) + 1;
  const stopper = new AbortController();
  const seen: unknown[] = [];
  if (told.length === 0) return;
  for await (const batch of store.watch(prefix, { from, signal: stopper.signal })) {
    seen.push([batch.revision, ...changesOf(batch, prefix)]);
    if (seen.length === told.length) stopper.abort();
  }
  expect(seen).toEqual(told);
}

function differences(
  before: ReadonlyMap<string, Known>,
  after: ReadonlyMap<string, Known>,
  revision: number,
): string[] {
  const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => `${key} deleted`);
  const put = [...after].filter(([, known]) => known[2] === revision);
  return [...gone, ...put.map(([key, known]) => JSON.stringify([key, ...known]))].toSorted();
}

function changesOf({ changes }: WatchBatch, prefix: string): string[] {
  const lines = changes.map((change) => {
    if (change.type === "delete") return `${change.key.slice(prefix.length)} deleted`;
    const { key, value, createRevision, revision } = change.entry;
    return JSON.stringify([key.slice(prefix.length), text(value), createRevision, revision]);
  });
  return lines.toSorted();
}

function present({ past }: Model): Model["past"][number] {
  const last = past.at(-1);
  if (!last) throw new Error("the model has a present");
  return last;
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
