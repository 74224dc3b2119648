import { toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import { type AdminClient, auditEntries, watchAudit } from "@headgate/sdk";
import { changeWord } from "../change-word.ts";
import type { AuditFlags } from "../commands/audit-command.ts";
import type { Io } from "../io.ts";
import { withoutControls } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { roleWord } from "./role-words.ts";
import { withAdmin } from "./with-admin.ts";

/** `headgate audit`: one line for each entry, or all of each as JSON or YAML. */
export async function audit(io: Io, flags: AuditFlags): Promise<void> {
  await withAdmin(flags, (client) => (flags.follow ? follow : list)(io, client, flags));
}

async function list(io: Io, client: AdminClient, flags: AuditFlags): Promise<void> {
  const entries: admin.AuditEntry[] = [];
  const startTime = flags.since === undefined ? {} : { startTime: sinceTime(flags.since) };
  for await (const entry of auditEntries(client, { filter: flags.filter, ...startTime })) {
    entries.push(entry);
    if (entries.length >= flags.limit) break;
  }
  if (entries.length === 0) io.stderr.write("There is no such entry.\n");
  if (flags.output === "table") {
    for (const entry of entries) io.stdout.write(`${auditLine(entry)}\n`);
  } else {
    printStructured(io, flags.output, entries.map(plain));
  }
}

async function follow(io: Io, client: AdminClient, flags: AuditFlags): Promise<void> {
  const signal = io.stopSignal();
  for await (const entry of watchAudit(client, { filter: flags.filter, signal })) {
    if (flags.output === "table") io.stdout.write(`${auditLine(entry)}\n`);
    else io.stdout.write(`${JSON.stringify(plain(entry))}\n`);
  }
}

export function auditLine(entry: admin.AuditEntry): string {
  const time = entry.time ? timestampDate(entry.time).toISOString() : "-";
  const changes = entry.changes.map(
    ({ kind, name, action }) => `${kind}/${name} ${changeWord(action)}`,
  );
  const denied = entry.outcome === admin.AuditOutcome.DENIED;
  const what = denied ? `DENIED: ${entry.message}` : changes.join(", ");
  const who = entry.role === 0 ? entry.actor : `${entry.actor} (${roleWord(entry.role)})`;
  return withoutControls(`${time}  ${who}  ${entry.address}  ${entry.method}  ${what}`);
}

function plain(entry: admin.AuditEntry) {
  return toJson(admin.AuditEntrySchema, entry, { useProtoFieldName: true });
}

function sinceTime(ms: number) {
  return timestampFromMs(Date.now() - ms);
}
