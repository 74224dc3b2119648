import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Entry } from "../store/store.ts";
import { auditEntryTimeMs, auditIdOf } from "./audit-key.ts";
import type { AuditSource } from "./auditor.ts";

/** Of one entry as it is stored, before sealing. */
export const entryBytesMax = 256 * 1024;

const messageLengthMax = 1024;
/** What an entry takes besides its changes: all other texts are bounded, far below this. */
const headBytesMax = 8 * 1024;

/** Of something done. Large changes lose their resources first, then the paths of their fields. */
export function doneEntry(source: AuditSource, changes: readonly admin.Change[]): admin.AuditEntry {
  return create(admin.AuditEntrySchema, {
    ...headOf(source),
    outcome: admin.AuditOutcome.DONE,
    changes: [...boundedChanges(changes, entryBytesMax - headBytesMax)],
  });
}

export function deniedEntry(source: AuditSource, message: string): admin.AuditEntry {
  return create(admin.AuditEntrySchema, {
    ...headOf(source),
    outcome: admin.AuditOutcome.DENIED,
    message: message.slice(0, messageLengthMax),
  });
}

function headOf({ role, ...texts }: AuditSource) {
  return { ...texts, role: role as admin.Role }; // It is one: see AuditSource.
}

/** What the key and the store know is not in the value. */
export function encodeAuditEntry(entry: admin.AuditEntry): Uint8Array {
  return toBinary(admin.AuditEntrySchema, entry);
}

/** @throws UnsealError if the value was sealed with another key, or is damaged. */
export function decodeAuditEntry(stored: Entry, codec: ResourceCodec): admin.AuditEntry {
  const entry = fromBinary(admin.AuditEntrySchema, codec.open(stored));
  entry.id = auditIdOf(stored.key);
  entry.time = timestampFromMs(auditEntryTimeMs(stored.key) ?? 0);
  if (entry.outcome !== admin.AuditOutcome.DONE) return entry;
  // Not that of its last write: it may have been sealed anew since.
  entry.revision = BigInt(stored.createRevision);
  for (const { after } of entry.changes) {
    const metadata = after?.resource.value?.metadata;
    if (metadata) metadata.revision = entry.revision;
  }
  return entry;
}

/**
 * The changes in at most so many bytes: `before` and `after` are left out of the largest first.
 * What then remains is at most a name and 100 paths each; those go next. Pure.
 */
export function boundedChanges(
  changes: readonly admin.Change[],
  bytesMax: number,
): readonly admin.Change[] {
  const sizes = changes.map(sizeOf);
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  const result = [...changes];
  const largestFirst = changes.map((_, index) => index);
  for (const shrunk of [withoutResources, withoutFields]) {
    if (bytes <= bytesMax) break;
    largestFirst.sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
    for (const index of largestFirst) {
      if (bytes <= bytesMax) break;
      const change = result[index];
      if (!change) continue;
      const smaller = shrunk(change);
      const size = sizeOf(smaller);
      bytes -= (sizes[index] ?? 0) - size;
      sizes[index] = size;
      result[index] = smaller;
    }
  }
  return result;
}

function withoutResources({ kind, name, action, changedFields }: admin.Change): admin.Change {
  return create(admin.ChangeSchema, { kind, name, action, changedFields });
}

function withoutFields({ kind, name, action }: admin.Change): admin.Change {
  return create(admin.ChangeSchema, { kind, name, action });
}

/** With the tag and the length that it has in an entry. */
function sizeOf(change: admin.Change): number {
  return toBinary(admin.ChangeSchema, change).byteLength + 6;
}
