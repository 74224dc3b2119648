import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { formatResourceSet } from "@headgate/config";
import type { admin, resources } from "@headgate/proto";
import {
  type AdminClient,
  type ListedResources,
  listAll,
  PermissionDeniedError,
} from "@headgate/sdk";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { Io } from "../io.ts";
import { paint } from "../paint.ts";
import type { ResourceKind } from "../resource-kinds.ts";
import { auditLine } from "./audit.ts";
import { asSet, fetchOne } from "./fetch-resources.ts";
import { withAdmin } from "./with-admin.ts";
import { withoutMetadata } from "./without-metadata.ts";

export interface DescribeOrder {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly flags: AdminFlags;
}

const historyMax = 10;

/** `headgate describe`: the resource, when and by whom it was written, what refers to it. */
export async function describe(io: Io, { kind, name, flags }: DescribeOrder): Promise<void> {
  await withAdmin(flags, async (client) => {
    const resource = await fetchOne(client, kind, name);
    const heading = (text: string) => io.stdout.write(`\n${paint(io.stdout, "bold", text)}\n`);
    io.stdout.write(formatResourceSet(withoutMetadata(asSet({ [kind]: [resource] }))));
    heading("Written");
    for (const line of metadataLines(resource.metadata)) io.stdout.write(`  ${line}\n`);
    const referrers = await referrersOf(client, kind, name);
    if (referrers.length > 0) heading("Referred to by");
    for (const referrer of referrers) io.stdout.write(`  ${referrer}\n`);
    const history = await historyOf(client, kind, name);
    if (history.length > 0) heading("History, newest first");
    for (const entry of history) io.stdout.write(`  ${auditLine(entry)}\n`);
  });
}

function metadataLines(metadata: resources.Metadata | undefined): readonly string[] {
  return [
    `revision    ${metadata?.revision ?? 0n}`,
    `created     ${instant(metadata?.createTime)}`,
    `updated     ${instant(metadata?.updateTime)}`,
    `managed by  ${metadata?.managedBy || "the API"}`,
  ];
}

async function referrersOf(
  client: AdminClient,
  kind: ResourceKind,
  name: string,
): Promise<readonly string[]> {
  if (kind === "provider") {
    const names = (model: ListedResources["model"]) => model.deployments.map((one) => one.provider);
    return named(listAll(client, "model"), "model", (model) => names(model).includes(name));
  }
  if (kind === "team") {
    return named(listAll(client, "key"), "key", (key) => key.team === name);
  }
  if (kind !== "model") return [];
  return named(listAll(client, "model"), "model", (model) => model.fallbacks.includes(name));
}

async function named<T extends { readonly name: string }>(
  listed: AsyncIterable<T>,
  kind: ResourceKind,
  refers: (resource: T) => boolean,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const resource of listed) if (refers(resource)) names.push(`${kind} ${resource.name}`);
  return names;
}

/** For those who may read it; nothing for others. */
async function historyOf(
  client: AdminClient,
  kind: ResourceKind,
  name: string,
): Promise<readonly admin.AuditEntry[]> {
  const filter = `kind = "${kind}" AND name = "${name}"`;
  try {
    const { entries } = await client.listAuditEntries({ filter, pageSize: historyMax });
    return entries;
  } catch (error) {
    if (error instanceof PermissionDeniedError) return [];
    throw error;
  }
}

function instant(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString() : "-";
}
