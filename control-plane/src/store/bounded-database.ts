import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openDatabase } from "./open-database.ts";
import { StoreError } from "./store-error.ts";
import { storeErrorFrom } from "./store-error-from.ts";

/** Room beyond the bound, in pages, for work that frees more than it takes. */
const reservePages = 64;

/** A SQLite file of bounded size whose failures are StoreErrors. */
export class BoundedDatabase {
  readonly #path: string;
  readonly #pagesMax: number;
  readonly #database: DatabaseSync;

  constructor({ path, bytesMax }: { readonly path: string; readonly bytesMax: number }) {
    this.#path = path;
    this.#database = openDatabase(path);
    const pageBytes = Number(this.prepare("PRAGMA page_size").get()?.["page_size"]);
    this.#pagesMax = Math.floor(bytesMax / pageBytes);
    this.#boundPages(this.#pagesMax);
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Use the file. @throws {StoreError} for what SQLite throws, and when it is closed. */
  use<T>(work: () => T): T {
    if (!this.isOpen) throw new StoreError("closed", `the store "${this.#path}" is closed`);
    try {
      return work();
    } catch (error) {
      throw storeErrorFrom(error, this.#path);
    }
  }

  /** Do all of it, durably, or nothing. */
  atomically<T>(work: () => T): T {
    return this.use(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        return result;
      } finally {
        // SQLite has rolled back by itself after some errors, a full disk among them.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      }
    });
  }

  /** Let `work` grow the file a little beyond its bound. */
  withReserve<T>(work: () => T): T {
    this.#boundPages(this.#pagesMax + reservePages);
    try {
      return work();
    } finally {
      this.#boundPages(this.#pagesMax);
    }
  }

  close(): void {
    if (this.isOpen) this.#database.close();
  }

  #boundPages(pages: number): void {
    this.#database.exec(`PRAGMA max_page_count = ${pages}`);
  }
}
