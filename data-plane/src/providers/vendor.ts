import type { Endpoint } from "../http/routes.ts";
import type { ChatApi, ProviderApi, Target } from "./provider-api.ts";

/** What a deployment can do: relay some endpoints as they are, and translate the others. */
export interface Vendor {
  readonly api: ProviderApi;
  /** Legacy completions, where the vendor has them apart from chat. */
  readonly completions?: ChatApi;
  /** Where a body of this endpoint goes as it is; undefined if the vendor does not speak it. */
  relayPath(endpoint: Endpoint, target: Target): string | undefined;
}

/** Whether calls of an endpoint can be answered at all, relayed or translated. */
export function serves({ api, relayPath }: Vendor, endpoint: Endpoint, target: Target): boolean {
  return (
    endpoint !== "embeddings" ||
    api.embeddings !== undefined ||
    relayPath(endpoint, target) !== undefined
  );
}
