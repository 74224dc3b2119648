import type { MessageInitShape } from "@bufbuild/protobuf";
import type { admin } from "@headgate/proto";
import type { AdminClient } from "./admin-client.ts";

export type AuditQuery = Omit<
  MessageInitShape<typeof admin.ListAuditEntriesRequestSchema>,
  "pageToken" | "$typeName"
>;

const defaultPageSize = 200;

/** Audit entries, newest first, fetched page by page as they are consumed. */
export async function* auditEntries(
  client: AdminClient,
  query: AuditQuery = {},
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<admin.AuditEntry, void, undefined> {
  let pageToken = "";
  do {
    const request = { pageSize: defaultPageSize, ...query, pageToken };
    const page = await client.listAuditEntries(request, options);
    yield* page.entries;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
