import { upstreamSettings } from "@headgate/config/provider-defaults";
import { createPicker, type Random, type StrategyName } from "@headgate/core";
import { resources } from "@headgate/proto";
import { DeploymentPrice } from "../pricing/deployment-price.ts";
import type { Authorizers } from "../providers/authorizers.ts";
import type { Target } from "../providers/provider-api.ts";
import { vendorOf } from "../providers/registry.ts";
import { requestHeaders } from "../providers/request-headers.ts";
import { serves } from "../providers/vendor.ts";
import type { Deployment, RoutedModel, Tiers } from "./routed.ts";

export interface RoutedModelOptions {
  readonly providers: ReadonlyMap<string, resources.Provider>;
  /** Where this node is: deployments of other regions are left out. */
  readonly region: string;
  readonly random: Random;
  readonly authorizers: Authorizers;
}

/** A model with its deployments, one per credential of each entry. */
export function routedModel(model: resources.Model, options: RoutedModelOptions): RoutedModel {
  const deployments = model.deployments
    .filter(({ regions }) => regions.length === 0 || regions.includes(options.region))
    .flatMap((entry) => expand(entry, model, options))
    .filter(({ weight }) => weight > 0);
  const tiers = tiersOf(deployments);
  const embedding = deployments.filter(({ vendor, target }) =>
    serves(vendor, "embeddings", target),
  );
  return {
    name: model.name,
    tiers,
    embeddingTiers: embedding.length === deployments.length ? tiers : tiersOf(embedding),
    exactTokens: model.exactTokens,
    picker: createPicker(strategyName(model.strategy), options.random),
    created: Number(model.metadata?.createTime?.seconds ?? 0n),
  };
}

function tiersOf(deployments: readonly Deployment[]): Tiers {
  const priorities = new Set(deployments.map(({ priority }) => priority));
  return [...priorities]
    .sort((a, b) => a - b)
    .map((tier) => deployments.filter(({ priority }) => priority === tier));
}

/** One deployment per credential; a provider without authentication counts as one. */
function expand(
  entry: resources.Deployment,
  model: resources.Model,
  { providers, authorizers }: RoutedModelOptions,
): Deployment[] {
  const provider = providers.get(entry.provider);
  if (!provider) return [];
  const { baseUrl, apiVersion, project, location } = upstreamSettings(provider);
  const url = new URL(baseUrl);
  const upstreamModel = entry.model || model.name;
  const target: Target = {
    model: upstreamModel,
    basePath: url.pathname.replace(/\/$/, ""),
    apiVersion,
    keepAlive: provider.keepAlive,
    project,
    location,
  };
  const price = new DeploymentPrice(provider, upstreamModel, entry.price);
  const credentials = provider.credentials.length > 0 ? provider.credentials : [undefined];
  return credentials.map((credential) => {
    const authorize = authorizers.get(provider, credential);
    return {
      id: `${provider.name}/${credential?.name ?? "-"}/${upstreamModel}`,
      provider: provider.name,
      upstreamModel,
      weight: (entry.weight ?? 1) * (credential?.weight ?? 1),
      priority: entry.priority,
      origin: url.origin,
      vendor: vendorOf(provider, upstreamModel),
      target,
      headers: requestHeaders(provider, credential),
      ...(authorize && { authorize }),
      anthropicVersion: provider.anthropicVersion,
      price,
    };
  });
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
