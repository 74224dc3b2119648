import type { AdminClient } from "@headgate/sdk";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { Io } from "../io.ts";
import type { ResourceKind } from "../resource-kinds.ts";
import { withAdmin } from "./with-admin.ts";

export interface DeleteOrder {
  readonly kind: ResourceKind;
  readonly names: readonly string[];
  readonly flags: AdminFlags;
}

/** One after the other; what was deleted before a failure stays deleted, and is printed. */
export async function deleteResources(io: Io, { kind, names, flags }: DeleteOrder): Promise<void> {
  await withAdmin(flags, async (client) => {
    for (const name of names) {
      await deleteOne(client, kind, name);
      io.stdout.write(`${kind}/${name} deleted\n`);
    }
  });
}

function deleteOne(client: AdminClient, kind: ResourceKind, name: string): Promise<unknown> {
  switch (kind) {
    case "provider":
      return client.deleteProvider({ name });
    case "model":
      return client.deleteModel({ name });
    case "team":
      return client.deleteTeam({ name });
    case "key":
      return client.deleteKey({ name });
    case "policy":
      return client.deletePolicy({ name });
  }
}
