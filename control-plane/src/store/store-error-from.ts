import { StoreError, type StoreErrorCode } from "./store-error.ts";

/** SQLite's primary result codes that mean something to an operator. https://sqlite.org/rescode.html */
const causes: ReadonlyMap<number, readonly [StoreErrorCode, string]> = new Map([
  [5, ["locked", "is open in another process; stop that one, or use another path"]],
  [8, ["cannot_open", "may not be written; check its owner and permissions"]],
  [10, ["io", "could not be read or written; check the disk"]],
  [11, ["corrupt", "is damaged; restore it from a backup"]],
  [13, ["full", "has no room left; free some disk space or delete resources (reads go on)"]],
  [14, ["cannot_open", "cannot be opened; it must be a file in a folder we may write to"]],
  [26, ["not_a_store", "is not a Headgate store; move it away, or use another path"]],
]);

/** Say what a failure of SQLite means for the store at `path`. Other errors are returned as they are. */
export function storeErrorFrom(error: unknown, path: string): unknown {
  const cause = causes.get(primaryCode(error));
  if (!cause) return error;
  const [code, meaning] = cause;
  return new StoreError(code, `the store "${path}" ${meaning}`, { cause: error });
}

/** The low byte of an extended result code; NaN for what is not an error of SQLite. */
function primaryCode(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error)) return Number.NaN;
  return typeof error.errcode === "number" ? error.errcode & 0xff : Number.NaN;
}
