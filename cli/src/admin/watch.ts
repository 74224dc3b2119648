import { toJson } from "@bufbuild/protobuf";
import { admin } from "@headgate/proto";
import { watchResources } from "@headgate/sdk";
import { changeWord } from "../change-word.ts";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { Io } from "../io.ts";
import type { ResourceKind } from "../resource-kinds.ts";
import { withoutControls } from "../table.ts";
import { withAdmin } from "./with-admin.ts";

/** `headgate watch`: what there is, then what changes, until stopped. */
export async function watch(
  io: Io,
  {
    kind,
    flags,
  }: { readonly kind: ResourceKind | undefined; readonly flags: AdminFlags & { json?: true } },
): Promise<void> {
  const signal = io.stopSignal();
  const kinds = kind === undefined ? [] : [kind];
  await withAdmin(flags, async (client) => {
    for await (const { revision, events } of watchResources(client, { kinds, signal })) {
      for (const event of events) {
        io.stdout.write(flags.json ? jsonLine(event, revision) : textLine(event, revision));
      }
    }
  });
}

function textLine({ kind, name, action }: admin.ResourceEvent, revision: bigint): string {
  return `${withoutControls(`${revision}  ${kind}/${name} ${changeWord(action)}`)}\n`;
}

function jsonLine(event: admin.ResourceEvent, revision: bigint): string {
  const plain = toJson(admin.ResourceEventSchema, event, { useProtoFieldName: true });
  return `${JSON.stringify({ revision: Number(revision), ...Object(plain) })}\n`;
}
