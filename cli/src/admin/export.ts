import { formatResourceSet, toPlain } from "@headgate/config";
import { resources } from "@headgate/proto";
import { exportAll } from "@headgate/sdk";
import type { ExportFlags } from "../commands/export-command.ts";
import type { Io } from "../io.ts";
import { printStructured } from "./print-structured.ts";
import { withAdmin } from "./with-admin.ts";
import { withoutMetadata } from "./without-metadata.ts";

/** `headgate export`: everything, as of one revision of the store, to be applied again. */
export async function exportResources(io: Io, flags: ExportFlags): Promise<void> {
  const set = withoutMetadata(await withAdmin(flags, (client) => exportAll(client)));
  if (flags.output === "yaml") io.stdout.write(formatResourceSet(set));
  else printStructured(io, "json", toPlain(resources.ResourceSetSchema, set));
}
