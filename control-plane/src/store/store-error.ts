/**
 * Why a store could not do its work. Conflicts and compaction are not here: those are part of
 * normal life and have a result or a class of their own.
 *
 * - full: no room for this write. Reads go on, and so do later writes once there is room.
 * - locked: another process has the store open.
 * - cannot_open: missing permission, wrong credentials, not a file, a path that cannot be made.
 * - not_a_store: the file is something else.
 * - newer_schema: written by a newer version of this program.
 * - corrupt: the file is damaged.
 * - io: the disk failed.
 * - lease_gone: the lease of a put has expired or was revoked.
 * - unavailable: the store can't be reached or has no quorum. The call failed; a write may or may not
 *   have happened (the message says when it surely did not).
 * - closed: the store was closed.
 */
export type StoreErrorCode =
  | "full"
  | "locked"
  | "cannot_open"
  | "not_a_store"
  | "newer_schema"
  | "corrupt"
  | "io"
  | "lease_gone"
  | "unavailable"
  | "closed";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
