import { formatResourceSet, toPlain } from "@headgate/config";
import { resources } from "@headgate/proto";
import { CliError, exitStatus } from "../cli-error.ts";
import type { AdminFlags, OutputFormat } from "../commands/admin-flags.ts";
import type { Io } from "../io.ts";
import { type ResourceKind, resourceKindNames } from "../resource-kinds.ts";
import { asSet, type Found, fetchKinds } from "./fetch-resources.ts";
import { printStructured } from "./print-structured.ts";
import { resourceTable } from "./resource-tables.ts";
import { withAdmin } from "./with-admin.ts";

export interface GetOrder {
  readonly kind: ResourceKind | "all";
  readonly name: string | undefined;
  readonly flags: AdminFlags & { readonly output: OutputFormat };
}

/**
 * `headgate get`: a table, or the resources in the shape of a configuration file, which
 * `headgate apply` takes back.
 */
export async function get(io: Io, { kind, name, flags }: GetOrder): Promise<void> {
  if (kind === "all" && name !== undefined) {
    throw new CliError("all takes no name: headgate get KIND NAME", { status: exitStatus.usage });
  }
  const kinds = kind === "all" ? resourceKindNames : [kind];
  const found = await withAdmin(flags, (client) => fetchKinds(client, kinds, name));
  if (flags.output !== "table") return printSet(io, flags.output, asSet(found));
  const tables = kinds.flatMap((one) => tableOf(one, found));
  if (tables.length === 0)
    io.stderr.write(`There is no ${kind === "all" ? "resource" : kind} yet.\n`);
  io.stdout.write(tables.join("\n"));
}

/** As YAML it is a file to apply again, so texts that hold `${` are escaped; as JSON it is plain data. */
function printSet(io: Io, format: "json" | "yaml", set: resources.ResourceSet): void {
  if (format === "yaml") io.stdout.write(formatResourceSet(set));
  else printStructured(io, format, toPlain(resources.ResourceSetSchema, set));
}

function tableOf<K extends ResourceKind>(kind: K, found: Found): readonly string[] {
  const list = found[kind];
  return list === undefined || list.length === 0 ? [] : [resourceTable(kind, list)];
}
