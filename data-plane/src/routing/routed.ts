import type { Picker } from "@headgate/core";
import type { DeploymentPrice } from "../pricing/deployment-price.ts";
import type { Authorize } from "../providers/authorize.ts";
import type { Target } from "../providers/provider-api.ts";
import type { RequestHeaders } from "../providers/request-headers.ts";
import type { Vendor } from "../providers/vendor.ts";

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
  /** How to speak to the provider, and what of the configuration its requests depend on. */
  readonly vendor: Vendor;
  readonly target: Target;
  readonly headers: RequestHeaders;
  /** Where the credential is more than a header: proves each request by itself. */
  readonly authorize?: Authorize;
  /** Sent in place of the version that an Anthropic client asks for. */
  readonly anthropicVersion: string;
  readonly price: DeploymentPrice;
}

/** By priority, the preferred tier first. */
export type Tiers = readonly (readonly Deployment[])[];

export interface RoutedModel {
  readonly name: string;
  /** Deployments usable from this region. */
  readonly tiers: Tiers;
  /** Those of them that can embed; the very same list if all can. */
  readonly embeddingTiers: Tiers;
  readonly picker: Picker;
  /** Prompts are counted by a tokenizer before the call, where there is one. */
  readonly exactTokens: boolean;
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
  /** Refuse what a provider has nothing like, rather than leave it out. */
  readonly strictParameters: boolean;
  readonly fetch: RoutedFetch;
}

/** Images and files by URL, for providers that take them only as data. */
export interface RoutedFetch {
  readonly disabled: boolean;
  readonly allowHosts: ReadonlySet<string>;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}
