import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store-error.ts";
import { storeErrorFrom } from "./store-error-from.ts";

/** "HDGT": marks the file as ours. https://sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x48444754;
const schemaVersion = 1;

/**
 * Row = one change of one key. It is what a reader at revision R sees while
 * revision <= R < until_revision. A deletion is a row that no reader sees
 * (until_revision = revision, create_revision = 0), there for watchers only.
 */
const schema = `
  CREATE TABLE state (revision INTEGER NOT NULL, compacted INTEGER NOT NULL) STRICT;
  INSERT INTO state VALUES (1, 0);
  CREATE TABLE leases (id INTEGER PRIMARY KEY AUTOINCREMENT, ttl_ms REAL NOT NULL) STRICT;
  CREATE TABLE changes (
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    create_revision INTEGER NOT NULL,
    until_revision INTEGER NOT NULL,
    lease INTEGER,
    value BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX changes_by_key ON changes (key, revision);
  CREATE INDEX changes_by_revision ON changes (revision, key);
  CREATE INDEX changes_by_until ON changes (until_revision);
  CREATE INDEX changes_by_lease ON changes (lease) WHERE lease IS NOT NULL;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Open the file for this process alone, making it (0600) if it does not exist. The lock is the
 * operating system's, so it is gone with the process, however that ends.
 *
 * @throws {StoreError} saying why it can't be used. It is not changed then.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") ensureFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    prepare(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw storeErrorFrom(error, path);
  }
}

function prepare(database: DatabaseSync, path: string): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const isNew = isEmpty(database);
  if (!isNew) assertOurs(database, path);
  // An acknowledged write survives power loss: FULL syncs the log at every commit.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  // What is left of the log after a burst, in bytes.
  database.exec("PRAGMA journal_size_limit = 16777216");
  database.exec(`BEGIN EXCLUSIVE; ${isNew ? schema : ""} COMMIT`);
  if (!isNew) assertIntact(database, path);
}

function isEmpty(database: DatabaseSync): boolean {
  return readNumber(database, "SELECT count(*) FROM sqlite_schema") === 0;
}

function assertOurs(database: DatabaseSync, path: string): void {
  if (readNumber(database, "PRAGMA application_id") !== applicationId) {
    const message = `"${path}" is the database of another program; use another path`;
    throw new StoreError("not_a_store", message);
  }
  const version = readNumber(database, "PRAGMA user_version");
  if (version > schemaVersion) {
    const message = `the store "${path}" has schema ${version}, this version knows up to ${schemaVersion}; upgrade Headgate`;
    throw new StoreError("newer_schema", message);
  }
}

/** Find damage now rather than in the middle of a write. Takes about 1 ms per MB. */
function assertIntact(database: DatabaseSync, path: string): void {
  const [problem] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
  if (problem === "ok") return;
  const message = `the store "${path}" is damaged (${problem}); restore it from a backup`;
  throw new StoreError("corrupt", message);
}

function readNumber(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}

/**
 * Never opens a file that exists: when a process closes a file, it loses all its POSIX locks on it,
 * those of another connection too. https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
function ensureFile(path: string): void {
  if (existsSync(path)) return;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError("cannot_open", `cannot open the store "${path}": ${reason}`, {
      cause: error,
    });
  }
}
