import type { Fault, FaultCode } from "@headgate/core";
import type { GuardedFetcher } from "../media/guarded-fetcher.ts";
import type { ErrorAnswer } from "../providers/api-error.ts";
import type { Conversion } from "../relay/conversion.ts";
import type { Deployment, RoutedPolicy } from "../routing/routed.ts";
import type { Call } from "./call.ts";
import type { CountTokens } from "./count-tokens.ts";
import type { Failure } from "./failure.ts";
import type { CallRequest } from "./read-request.ts";
import { relayedExchange } from "./relayed-exchange.ts";
import { translatedExchange } from "./translated-exchange.ts";

/** What goes to a deployment for a call, and how its answer becomes the client's. */
export interface Exchange {
  /** With the query, if there is one. */
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly conversion: Conversion;
  /** Parameters that were left out: the provider has nothing like them. */
  readonly dropped: readonly string[];
  /** What an answer that is no success means. */
  failure(answer: ErrorAnswer): Failure;
}

/** An answer that needs no provider. */
export interface LocalAnswer {
  readonly local: Buffer;
}

export interface ExchangeOptions {
  readonly call: Call;
  readonly request: CallRequest;
  readonly deployment: Deployment;
  readonly policy: RoutedPolicy;
  /** Seconds since the epoch. */
  readonly nowS: number;
  readonly media: GuardedFetcher;
  readonly countTokens: CountTokens;
}

/**
 * Make the request for a deployment: the client's bytes where both speak the same dialect, a
 * translation of them otherwise.
 *
 * @throws {Fault} where this deployment can't be asked that; see isUnsuitable() for when another may.
 */
export function prepareExchange(options: ExchangeOptions): Prepared | Promise<Prepared> {
  const { call, deployment } = options;
  const path = deployment.vendor.relayPath(call.endpoint, deployment.target);
  if (path === undefined) return translatedExchange(options).then((one) => proven(one, deployment));
  const exchange = relayedExchange(path, options);
  // The common case: nothing to wait for.
  return deployment.authorize ? proven(exchange, deployment) : exchange;
}

type Prepared = Exchange | LocalAnswer;

/** With what proves each request by itself, where the credential is more than a header. */
async function proven(exchange: Prepared, deployment: Deployment): Promise<Prepared> {
  if ("local" in exchange || !deployment.authorize) return exchange;
  const { headers, body } = exchange;
  const unsigned = { method: "POST", origin: deployment.origin, path: exchange.path } as const;
  const proof = await deployment.authorize({ ...unsigned, headers, body });
  return { ...exchange, headers: [...headers, ...proof] };
}

/** The deployment can't be asked this, but one of another vendor may be. */
export function isUnsuitable({ code }: Fault): boolean {
  return unsuitable.has(code);
}

const unsuitable: ReadonlySet<FaultCode> = new Set<FaultCode>([
  "unsupported_parameter",
  "unsupported_value",
  // Other vendors fetch what is named by URL themselves.
  "media_not_fetched",
]);
