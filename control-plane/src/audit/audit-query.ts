import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { admin } from "@headgate/proto";
import type { Logger } from "pino";
import { invalidArgument, unavailable } from "../admin/admin-errors.ts";
import { pageSizeOf } from "../admin/page-size.ts";
import { decodePageToken, encodePageToken, type PageScope } from "../admin/page-token.ts";
import { watchError } from "../admin/resource-watch.ts";
import type { WatchSlots } from "../admin/watch-slots.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Change, Entry, Store } from "../store/store.ts";
import { decodeAuditEntry } from "./audit-entry.ts";
import { auditFilter } from "./audit-filter.ts";
import { auditEntryTimeMs, auditKeyBefore, auditPrefix } from "./audit-key.ts";

export interface AuditQueryOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly logger: Logger;
  readonly slots: WatchSlots;
}

export type AuditListInput = Pick<
  admin.ListAuditEntriesRequest,
  "pageSize" | "pageToken" | "filter" | "startTime" | "endTime"
>;

/** Entries that one call looks at. A filter that few match gives short pages, even empty ones. */
export const auditScanMax = 2_000;
/** An entry has at most 256 KiB, and few have that. */
const scanChunk = 100;

/** The audit log, as it is read. */
export class AuditQuery {
  readonly #options: AuditQueryOptions;

  constructor(options: AuditQueryOptions) {
    this.#options = options;
  }

  /** Newest first. Pages go on where the last ended, so entries made meanwhile are not in them. */
  async list(input: AuditListInput): Promise<{
    readonly entries: admin.AuditEntry[];
    readonly nextPageToken: string;
  }> {
    const pageSize = pageSizeOf(input.pageSize);
    const matches = auditFilter(input.filter);
    const { after, startMs, scope } = rangeOf(input);
    const entries: admin.AuditEntry[] = [];
    let next = "";
    for await (const { entry, more } of this.#scan(after)) {
      if ((auditEntryTimeMs(entry.key) ?? 0) < startMs) {
        next = "";
        break;
      }
      const decoded = this.#decode(entry);
      if (decoded && matches(decoded)) entries.push(decoded);
      next = more ? entry.key : "";
      if (entries.length === pageSize) break;
    }
    // The log is not one of many revisions: what is behind a key stays behind it.
    const nextPageToken = next === "" ? "" : encodePageToken(scope, { revision: 1, after: next });
    return { entries, nextPageToken };
  }

  /** New entries, until `signal` aborts. @throws ConnectError UNAVAILABLE when the store is lost. */
  async *watch(filter: string, signal: AbortSignal): AsyncGenerator<admin.AuditEntry> {
    const { store, slots } = this.#options;
    const slot = slots.take(signal);
    try {
      const matches = auditFilter(filter);
      const { revision } = await store.list(auditPrefix, { limit: 1 });
      for await (const { changes } of store.watch(auditPrefix, { from: revision + 1, signal })) {
        for (const change of changes) {
          const entry = isNew(change) ? this.#decode(change.entry) : undefined;
          if (entry && matches(entry)) yield entry;
        }
      }
      if (!signal.aborted) throw unavailable("the store ended the watch: watch again");
    } catch (error) {
      throw watchError(error, this.#options.logger);
    } finally {
      slot[Symbol.dispose]();
    }
  }

  /** At most `auditScanMax`; `more` says whether one follows. */
  async *#scan(start: string): AsyncGenerator<{ readonly entry: Entry; readonly more: boolean }> {
    let after = start;
    for (let seen = 0; seen < auditScanMax; ) {
      const page = await this.#options.store.list(auditPrefix, { limit: scanChunk, after });
      for (const [index, entry] of page.value.entries()) {
        yield { entry, more: page.more || index < page.value.length - 1 };
      }
      seen += page.value.length;
      const last = page.value.at(-1)?.key;
      if (!page.more || last === undefined) return;
      after = last;
    }
  }

  #decode(entry: Entry): admin.AuditEntry | undefined {
    try {
      return decodeAuditEntry(entry, this.#options.codec);
    } catch (err) {
      this.#options.logger.error({ err, key: entry.key }, "an audit entry can't be read");
      return undefined;
    }
  }
}

function rangeOf({ filter, startTime, endTime, pageToken }: AuditListInput): {
  readonly after: string;
  readonly startMs: number;
  readonly scope: PageScope;
} {
  const startMs = startTime ? roundedUpMs(startTime) : Number.NEGATIVE_INFINITY;
  const endMs = endTime ? roundedUpMs(endTime) : Number.POSITIVE_INFINITY;
  if (startMs > endMs) throw invalidArgument("start_time must not be after end_time");
  const scope = { of: "audit", by: JSON.stringify([filter, String(startMs), String(endMs)]) };
  const first = endTime ? auditKeyBefore(endMs) : auditPrefix;
  if (pageToken === "") return { after: first, startMs, scope };
  const position = decodePageToken(scope, pageToken);
  if (position?.after.startsWith(auditPrefix)) return { after: position.after, startMs, scope };
  throw invalidArgument(
    "page_token is not one of this listing of audit entries, with this filter and these times: list again",
  );
}

/** Entries have whole milliseconds: from 1.5 ms on is from 2 ms on, and before it is before 2 ms. */
function roundedUpMs({ seconds, nanos }: Timestamp): number {
  return Number(seconds) * 1000 + Math.ceil(nanos / 1e6);
}

/** Entries are never changed, but they may be sealed anew. */
function isNew(change: Change): change is Extract<Change, { type: "put" }> {
  return change.type === "put" && change.entry.createRevision === change.entry.revision;
}
