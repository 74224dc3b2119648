import type { Picker } from "@headgate/core";

/** What the request path needs of the snapshot, prepared once per change. */

/** One upstream model through one credential. */
export interface Deployment {
  /** `provider/credential/model`, as shown in `x-headgate-deployment`. */
  readonly id: string;
  readonly provider: string;
  /** The provider's own name of the model. */
  readonly upstreamModel: string;
  readonly weight: number;
  readonly priority: number;
  /** `https://host:port` of the provider. */
  readonly origin: string;
  /** Path before `/chat/completions`, without a slash at the end. */
  readonly basePath: string;
  /** Name, value, name, value: for plain answers and for event streams. */
  readonly headers: { readonly plain: readonly string[]; readonly stream: readonly string[] };
}

export interface RoutedModel {
  readonly name: string;
  /** Deployments usable from this region, by priority, the preferred tier first. */
  readonly tiers: readonly (readonly Deployment[])[];
  readonly picker: Picker;
  /** Seconds since the epoch, for the list of models. */
  readonly created: number;
}

export interface RoutedKey {
  readonly name: string;
  readonly team: string;
  readonly user: string;
  readonly revoked: boolean;
  /** Names and globs; empty means all models. */
  readonly models: readonly string[];
}

export interface RoutedPolicy {
  readonly maxAttempts: number;
  readonly retryBudgetPercent: number;
  readonly retryOn: ReadonlySet<string>;
  readonly connectTimeoutMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
}
