import { create } from "@bufbuild/protobuf";
import type { Clock, Random } from "@headgate/core";
import { admin } from "@headgate/proto";
import type { Logger } from "pino";
import { changeMessage } from "../admin/change-message.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Store, Write } from "../store/store.ts";
import type { AuditMetrics } from "../telemetry/control-plane-metrics.ts";
import { deniedEntry, doneEntry, encodeAuditEntry } from "./audit-entry.ts";
import { auditKey } from "./audit-key.ts";
import { auditSourceFrom } from "./audit-source.ts";
import type { Auditor, OtherChange } from "./auditor.ts";
import { DenialQueue } from "./denial-queue.ts";

export { auditEntryTimeMs, auditPrefix } from "./audit-key.ts";

export interface AuditorOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AuditMetrics;
}

export interface StoredAuditor extends Auditor {
  /** Resolves when the entries of denials so far are written, or given up. */
  flush(): Promise<void>;
}

/** The audit log in the store, beside what it tells of. */
export function createAuditor(options: AuditorOptions): StoredAuditor {
  const { codec, clock, random } = options;
  const putOf = (entry: admin.AuditEntry): Write => {
    const key = auditKey(clock.wallTimeMs(), random());
    return { type: "put", key, value: codec.seal(key, encodeAuditEntry(entry)) };
  };
  const denials = new DenialQueue({ ...options, putOf });
  return {
    sourceOf: auditSourceFrom,
    entryFor: (source, changes) => {
      const messages = changes.map((change) => changeMessage(change, { withResources: true }));
      return putOf(doneEntry(source, messages));
    },
    entryForOther: (source, changes) => putOf(doneEntry(source, changes.map(otherMessage))),
    denied: (source, message) => denials.add(deniedEntry(source, message)),
    flush: () => denials.flush(),
  };
}

const actions = {
  created: admin.ChangeAction.CREATED,
  updated: admin.ChangeAction.UPDATED,
  deleted: admin.ChangeAction.DELETED,
} as const;

function otherMessage({ kind, name, action }: OtherChange): admin.Change {
  return create(admin.ChangeSchema, { kind, name, action: actions[action] });
}
