import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Sealer } from "@headgate/config";
import { discovery } from "@headgate/proto";
import { applyDelta } from "./apply-delta.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";

const fileName = "snapshot.sealed";
const sealContext = "saved snapshot";

/**
 * The file, all of it written at once and renamed into place:
 *
 *   | "HGSNAP" | format, 2 bytes | SHA-256 of the rest, 32 bytes | sealed SavedSnapshot |
 */
const magic = Buffer.from("HGSNAP");
const formatVersion = 1;
const checksumStart = magic.length + 2;
const sealedStart = checksumStart + 32;
/** 100,000 keys take about 20 MiB; more than this is not a file of ours. */
const fileBytesMax = 1024 * 1024 * 1024;

export interface SavedSnapshotPlace {
  /** Folder; made when missing. */
  readonly dir: string;
  readonly sealer: Sealer;
}

export type ReadOutcome =
  | { readonly kind: "none" }
  /** `savedAtMs` is wall time: how old the news is. */
  | { readonly kind: "loaded"; readonly snapshot: Snapshot; readonly savedAtMs: number }
  /** Not usable. If it could be moved, it is now `movedTo`, for somebody to look at. */
  | { readonly kind: "unusable"; readonly reason: string; readonly movedTo?: string };

/** Read the last good snapshot. Never throws: without one a node starts empty and waits. */
export async function readSavedSnapshot({ dir, sealer }: SavedSnapshotPlace): Promise<ReadOutcome> {
  const path = join(dir, fileName);
  let file: Buffer;
  let savedAtMs: number;
  try {
    const { mtimeMs, size } = await stat(path);
    if (size > fileBytesMax)
      return setAside(path, `it has ${size} bytes, at most ${fileBytesMax} are read`);
    savedAtMs = mtimeMs;
    file = await readFile(path);
  } catch (reason) {
    // The disk's fault, not the file's: leave it, it may be readable next time.
    return isMissing(reason) ? { kind: "none" } : { kind: "unusable", reason: messageOf(reason) };
  }
  try {
    return { kind: "loaded", snapshot: snapshotFromFile(file, sealer), savedAtMs };
  } catch (reason) {
    return setAside(path, messageOf(reason));
  }
}

/** Put a snapshot in the place of the one before. A crash at any moment leaves one of the two, whole. */
export async function writeSavedSnapshot(
  { dir, sealer }: SavedSnapshotPlace,
  snapshot: Snapshot,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, fileName);
  const temporary = `${path}.tmp`;
  await using file = await open(temporary, "w", 0o600);
  await file.writeFile(fileFromSnapshot(snapshot, sealer));
  await file.sync();
  await rename(temporary, path);
  // The rename is durable only when the folder is.
  await using folder = await open(dir, "r");
  await folder.sync();
}

function fileFromSnapshot(snapshot: Snapshot, sealer: Sealer): Buffer {
  const saved = create(discovery.SavedSnapshotSchema, {
    version: snapshot.version,
    stateHash: snapshot.stateHash,
    resources: [...snapshot.resources.values()],
  });
  const sealed = sealer.seal(toBinary(discovery.SavedSnapshotSchema, saved), sealContext);
  const format = Buffer.alloc(2);
  format.writeUInt16BE(formatVersion);
  return Buffer.concat([magic, format, sha256(sealed), sealed]);
}

/** @throws Error that says what is wrong with the file. */
function snapshotFromFile(file: Buffer, sealer: Sealer): Snapshot {
  if (!file.subarray(0, magic.length).equals(magic)) throw new Error("it is not a saved snapshot");
  if (file.length < sealedStart) throw new Error("it is truncated");
  const format = file.readUInt16BE(magic.length);
  if (format !== formatVersion) {
    throw new Error(`it has format ${format}, this build reads ${formatVersion}`);
  }
  const sealed = file.subarray(sealedStart);
  if (!sha256(sealed).equals(file.subarray(checksumStart, sealedStart))) {
    throw new Error("its checksum does not match, it is truncated or was changed");
  }
  const bytes = sealer.open(sealed, sealContext);
  const saved = fromBinary(discovery.SavedSnapshotSchema, bytes);
  const { version, stateHash, resources: upserts } = saved;
  const delta = create(discovery.StreamSnapshotsResponseSchema, { version, stateHash, upserts });
  const outcome = applyDelta(emptySnapshot, delta);
  if (outcome.ok) return outcome.snapshot;
  throw new Error(
    outcome.rejected.map(({ kind, name, message }) => `${kind} ${name}: ${message}`)[0],
  );
}

/** Out of the way, over what was there: one is enough to look at. */
async function setAside(path: string, reason: string): Promise<ReadOutcome> {
  const movedTo = `${path}.corrupt`;
  try {
    await rename(path, movedTo);
    return { kind: "unusable", reason, movedTo };
  } catch {
    return { kind: "unusable", reason };
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function isMissing(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && reason.code === "ENOENT";
}
