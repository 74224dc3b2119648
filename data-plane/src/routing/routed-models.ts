import { upstreamBaseUrl } from "@headgate/config/provider-defaults";
import { createPicker, type Random, type StrategyName } from "@headgate/core";
import { resources } from "@headgate/proto";
import { providerHeaders } from "../providers/openai/request-headers.ts";
import type { Deployment, RoutedModel } from "./routed.ts";

export interface RoutedModelOptions {
  readonly providers: ReadonlyMap<string, resources.Provider>;
  /** Where this node is: deployments of other regions are left out. */
  readonly region: string;
  readonly random: Random;
}

/** A model with its deployments, one per credential of each entry. */
export function routedModel(model: resources.Model, options: RoutedModelOptions): RoutedModel {
  const deployments = model.deployments
    .filter(({ regions }) => regions.length === 0 || regions.includes(options.region))
    .flatMap((entry) => expand(entry, model, options.providers))
    .filter(({ weight }) => weight > 0);
  const priorities = [...new Set(deployments.map(({ priority }) => priority))].sort(
    (a, b) => a - b,
  );
  return {
    name: model.name,
    tiers: priorities.map((tier) => deployments.filter(({ priority }) => priority === tier)),
    picker: createPicker(strategyName(model.strategy), options.random),
    created: Number(model.metadata?.createTime?.seconds ?? 0n),
  };
}

/** One deployment per credential; a provider without authentication counts as one. */
function expand(
  entry: resources.Deployment,
  model: resources.Model,
  providers: RoutedModelOptions["providers"],
): Deployment[] {
  const provider = providers.get(entry.provider);
  if (!provider) return [];
  const url = new URL(upstreamBaseUrl(provider));
  const upstreamModel = entry.model || model.name;
  const credentials = provider.credentials.length > 0 ? provider.credentials : [undefined];
  return credentials.map((credential) => ({
    id: `${provider.name}/${credential?.name ?? "-"}/${upstreamModel}`,
    provider: provider.name,
    upstreamModel,
    weight: (entry.weight ?? 1) * (credential?.weight ?? 1),
    priority: entry.priority,
    origin: url.origin,
    basePath: url.pathname.replace(/\/$/, ""),
    headers: providerHeaders(provider, credential?.apiKey),
  }));
}

function strategyName(strategy: resources.Strategy): StrategyName {
  switch (strategy) {
    case resources.Strategy.ROUND_ROBIN:
      return "round_robin";
    case resources.Strategy.WEIGHTED:
      return "weighted";
    case resources.Strategy.SHUFFLE:
    case resources.Strategy.UNSPECIFIED:
      return "shuffle";
    default:
      // checkResource() refuses the strategies that are not honoured yet, before we are asked.
      throw new RangeError(`strategy ${strategy} is not honoured`);
  }
}
