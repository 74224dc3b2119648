import { timestampDate } from "@bufbuild/protobuf/wkt";
import { enumWord, formatDuration, upstreamBaseUrl } from "@headgate/config";
import { resources } from "@headgate/proto";
import type { ListedResources } from "@headgate/sdk";
import type { ResourceKind } from "../resource-kinds.ts";
import { formatTable } from "../table.ts";

/** The columns of one kind: what an operator looks for first. */
interface Columns<T> {
  readonly headings: readonly string[];
  readonly row: (resource: T) => readonly string[];
}

const columns: { readonly [K in ResourceKind]: Columns<ListedResources[K]> } = {
  provider: {
    headings: ["PROVIDER", "TYPE", "URL", "CREDENTIALS", "MANAGED BY"],
    row: (provider) => [
      provider.name,
      enumWord(resources.ProviderTypeSchema, provider.type) ?? "",
      upstreamBaseUrl(provider),
      provider.credentials.map(({ name }) => name).join(","),
      provider.metadata?.managedBy ?? "",
    ],
  },
  model: {
    headings: ["MODEL", "STRATEGY", "DEPLOYMENTS", "MANAGED BY"],
    row: (model) => [
      model.name,
      enumWord(resources.StrategySchema, model.strategy) ?? "shuffle",
      model.deployments
        .map(({ provider, model: upstream }) => `${provider}/${upstream || model.name}`)
        .join(","),
      model.metadata?.managedBy ?? "",
    ],
  },
  team: {
    headings: ["TEAM", "MANAGED BY"],
    row: (team) => [team.name, team.metadata?.managedBy ?? ""],
  },
  key: {
    headings: ["KEY", "TEAM", "USER", "MODELS", "STATE", "CREATED", "MANAGED BY"],
    row: (key) => [
      key.name,
      key.team,
      key.user,
      key.models.length === 0 ? "all" : key.models.join(","),
      key.revokeTime ? "revoked" : "active",
      key.metadata?.createTime ? timestampDate(key.metadata.createTime).toISOString() : "",
      key.metadata?.managedBy ?? "",
    ],
  },
  policy: {
    headings: ["POLICY", "ATTEMPTS", "TIMEOUTS", "MANAGED BY"],
    row: (policy) => [
      policy.name,
      policy.retry?.maxAttempts === undefined ? "default" : String(policy.retry.maxAttempts),
      timeoutsText(policy.timeouts) || "default",
      policy.metadata?.managedBy ?? "",
    ],
  },
};

export function resourceTable<K extends ResourceKind>(
  kind: K,
  found: readonly ListedResources[K][],
): string {
  const { headings, row } = columns[kind];
  return formatTable(headings, found.map(row));
}

function timeoutsText(timeouts: resources.Timeouts | undefined): string {
  if (!timeouts) return "";
  const { connect, firstToken, idle, total } = timeouts;
  return Object.entries({ connect, first_token: firstToken, idle, total })
    .flatMap(([name, duration]) => (duration ? [`${name}=${formatDuration(duration)}`] : []))
    .join(",");
}
