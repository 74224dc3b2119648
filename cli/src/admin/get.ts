import { create } from "@bufbuild/protobuf";
import { formatResourceSet, toPlain } from "@headgate/config";
import { resources } from "@headgate/proto";
import type { AdminClient, ListedResources } from "@headgate/sdk";
import { CliError, exitStatus } from "../cli-error.ts";
import type { AdminFlags, OutputFormat } from "../commands/admin-flags.ts";
import type { Io } from "../io.ts";
import { type ResourceKind, resourceKindNames } from "../resource-kinds.ts";
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

type Found = { [K in ResourceKind]?: ListedResources[K][] };

async function fetchKinds(
  client: AdminClient,
  kinds: readonly ResourceKind[],
  name: string | undefined,
): Promise<Found> {
  const found: Found = {};
  for (const kind of kinds) await fetchKind(client, { kind, name, found });
  return found;
}

async function fetchKind<K extends ResourceKind>(
  client: AdminClient,
  { kind, name, found }: { readonly kind: K; readonly name: string | undefined; found: Found },
): Promise<void> {
  // Sound because `found[kind]` is a list of exactly this kind.
  found[kind] = (
    name === undefined
      ? await Array.fromAsync(client.listAll(kind))
      : [await fetchOne(client, kind, name)]
  ) as Found[K];
}

function fetchOne(
  client: AdminClient,
  kind: ResourceKind,
  name: string,
): Promise<ListedResources[ResourceKind]> {
  switch (kind) {
    case "provider":
      return client.getProvider({ name });
    case "model":
      return client.getModel({ name });
    case "team":
      return client.getTeam({ name });
    case "key":
      return client.getKey({ name });
    case "policy":
      return client.getPolicy({ name });
  }
}

function tableOf<K extends ResourceKind>(kind: K, found: Found): readonly string[] {
  const list = found[kind];
  return list === undefined || list.length === 0 ? [] : [resourceTable(kind, list)];
}

function asSet({ provider, model, team, key, policy }: Found): resources.ResourceSet {
  return create(resources.ResourceSetSchema, {
    providers: provider ?? [],
    models: model ?? [],
    teams: team ?? [],
    keys: key ?? [],
    ...(policy?.[0] && { policy: policy[0] }),
  });
}
