import { enumWord, enumWords, type ResourceKind, type ResourceMessages } from "@headgate/config";
import { resources } from "@headgate/proto";
import { invalidArgument } from "./admin-errors.ts";
import { type FilterFields, type FilterValue, parseFilter } from "./filter.ts";

interface Filterable<T> {
  readonly fields: FilterFields;
  readonly values: (resource: T) => Readonly<Record<string, FilterValue>>;
}

const named = { name: "text", managed_by: "text" } as const;

/** By what each kind is filtered, as admin.proto says. */
const filterables: { readonly [K in ResourceKind]: Filterable<ResourceMessages[K]> } = {
  provider: {
    fields: { name: "text", type: enumWords(resources.ProviderTypeSchema), managed_by: "text" },
    values: ({ type }) => ({ type: enumWord(resources.ProviderTypeSchema, type) ?? "" }),
  },
  model: {
    fields: { name: "text", strategy: enumWords(resources.StrategySchema), managed_by: "text" },
    values: ({ strategy }) => ({ strategy: enumWord(resources.StrategySchema, strategy) ?? "" }),
  },
  team: { fields: named, values: () => ({}) },
  key: {
    fields: { name: "text", team: "text", user: "text", revoked: "flag", managed_by: "text" },
    values: ({ team, user, revokeTime }) => ({ team, user, revoked: revokeTime !== undefined }),
  },
  policy: { fields: named, values: () => ({}) },
};

/** @throws ConnectError INVALID_ARGUMENT saying where the filter is wrong, and what there is. */
export function resourceFilter<K extends ResourceKind>(
  kind: K,
  text: string,
): (resource: ResourceMessages[K]) => boolean {
  const { fields, values }: Filterable<ResourceMessages[K]> = filterables[kind];
  const parsed = parseFilter(text, fields);
  if (!parsed.ok) throw invalidArgument(`filter ${parsed.problem}`);
  return (resource) => {
    const own = values(resource);
    const managedBy = resource.metadata?.managedBy ?? "";
    const all = { ...own, name: resource.name, managed_by: managedBy };
    return parsed.filter((field) => all[field as keyof typeof all] ?? "");
  };
}
