import type { SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import type { BoundedDatabase } from "./bounded-database.ts";
import { prefixEnd } from "./prefix-end.ts";
import type { Change, Entry, WatchBatch, Write } from "./store.ts";

/** In `until_revision`: still current. */
const forever = Number.MAX_SAFE_INTEGER;

type Row = Record<string, SQLOutputValue>;

export interface ListRange {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly revision: number;
  readonly limit: number;
}

/** All that was written and is still kept, in the tables of `open-database.ts`. Not a transaction each. */
export class ChangeLog {
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #nextRevision: StatementSync;
  readonly #changesOf: StatementSync;
  readonly #supersede: StatementSync;
  readonly #insert: StatementSync;
  readonly #keysOfLease: StatementSync;
  readonly #forget: StatementSync;
  readonly #readState: StatementSync;
  readonly #writeState: StatementSync;

  constructor(database: BoundedDatabase) {
    const columns = "key, revision, create_revision, value";
    const visible = "revision <= :at AND until_revision > :at";
    const inRange = "key >= :start AND key < :end";
    this.#get = database.prepare(`SELECT ${columns} FROM changes WHERE key = :key AND ${visible}`);
    this.#list = database.prepare(
      `SELECT ${columns} FROM changes INDEXED BY changes_by_key
       WHERE key >= max(:start, :after) AND key < :end AND +key > :after AND ${visible}
       ORDER BY key LIMIT :limit`,
    );
    this.#nextRevision = database.prepare(
      `SELECT revision FROM changes INDEXED BY changes_by_revision
       WHERE revision >= :from AND ${inRange} ORDER BY revision LIMIT 1`,
    );
    this.#changesOf = database.prepare(
      `SELECT ${columns} FROM changes WHERE revision = :revision AND ${inRange} ORDER BY key`,
    );
    this.#supersede = database.prepare(
      "UPDATE changes SET until_revision = :revision WHERE key = :key AND revision = :last",
    );
    this.#insert = database.prepare(
      "INSERT INTO changes VALUES (:key, :revision, :created, :until, :lease, :value)",
    );
    this.#keysOfLease = database.prepare(
      `SELECT key FROM changes WHERE lease = :lease AND until_revision = ${forever} ORDER BY key`,
    );
    this.#forget = database.prepare(
      `DELETE FROM changes WHERE rowid IN
       (SELECT rowid FROM changes WHERE until_revision <= :until LIMIT :limit)`,
    );
    this.#readState = database.prepare("SELECT revision, compacted FROM state");
    this.#writeState = database.prepare(
      "UPDATE state SET revision = :revision, compacted = :compacted",
    );
  }

  readState(): { readonly revision: number; readonly compacted: number } {
    const row = this.#readState.get() ?? {};
    return { revision: Number(row["revision"]), compacted: Number(row["compacted"]) };
  }

  writeState(state: { readonly revision: number; readonly compacted: number }): void {
    this.#writeState.run(state);
  }

  get(key: string, at: number): Entry | undefined {
    const row = this.#get.get({ key, at });
    return row && entryFromRow(row);
  }

  list({ prefix, after = "", revision, limit }: ListRange): Entry[] {
    return this.#list.all({ ...range(prefix), after, at: revision, limit }).map(entryFromRow);
  }

  /** The first batch under `prefix` at `from` or later. */
  nextBatch(prefix: string, from: number): WatchBatch | undefined {
    const found = this.#nextRevision.get({ ...range(prefix), from });
    if (!found) return undefined;
    const revision = Number(found["revision"]);
    const rows = this.#changesOf.all({ ...range(prefix), revision });
    return { revision, changes: rows.map(changeFromRow) };
  }

  /** Write one key in `revision`. False if that changes nothing: it was absent already. */
  write(write: Write, revision: number): boolean {
    const { key } = write;
    const current = this.get(key, revision);
    if (current) this.#supersede.run({ key, revision, last: current.revision });
    if (write.type === "put") {
      const created = current?.createRevision ?? revision;
      const lease = write.lease ? Number(write.lease.id) : null;
      this.#insert.run({ key, revision, created, until: forever, lease, value: write.value });
    } else if (current) {
      const value = new Uint8Array();
      this.#insert.run({ key, revision, created: 0, until: revision, lease: null, value });
    }
    return write.type === "put" || current !== undefined;
  }

  keysOfLease(lease: number): string[] {
    return this.#keysOfLease.all({ lease }).map((row) => String(row["key"]));
  }

  /** Remove at most `limit` rows that no reader at `until` or later sees. Returns how many. */
  forget(until: number, limit: number): number {
    return Number(this.#forget.run({ until, limit }).changes);
  }
}

/** Keys are text, and in SQLite every blob sorts behind every text: the end of all keys. */
function range(prefix: string): { readonly start: string; readonly end: SQLInputValue } {
  return { start: prefix, end: prefixEnd(prefix) ?? new Uint8Array() };
}

function changeFromRow(row: Row): Change {
  if (Number(row["create_revision"]) === 0) return { type: "delete", key: String(row["key"]) };
  return { type: "put", entry: entryFromRow(row) };
}

function entryFromRow(row: Row): Entry {
  const value = row["value"];
  if (!(value instanceof Uint8Array)) throw new TypeError("the value of a change is not a blob");
  return {
    key: String(row["key"]),
    value,
    createRevision: Number(row["create_revision"]),
    revision: Number(row["revision"]),
  };
}
