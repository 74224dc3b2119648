import type { LabLinks } from "../lab-links.ts";
import type { ProviderUrls } from "../lab-options.ts";
import { Part } from "../part.ts";
import { endpointOf, outside } from "../place.ts";
import { LabProvider } from "./lab-provider.ts";

export interface ProviderPart extends Part {
  readonly provider: LabProvider;
}

export interface ProviderParts {
  readonly parts: readonly ProviderPart[];
  readonly urls: ProviderUrls;
}

/** A provider per region, running, with a link from the nodes of each region. */
export async function startProviderParts(
  regions: readonly string[],
  links: LabLinks,
  stack: AsyncDisposableStack,
): Promise<ProviderParts> {
  const parts = await Promise.all(
    regions.map(async (region) => {
      const to = endpointOf("provider", region);
      const nodes = regions.map((other) => endpointOf("node", other));
      for (const from of [outside, ...nodes]) await links.make({ from, to, use: "api" });
      const provider = new LabProvider(links.into(to, "api"));
      stack.defer(() => provider.kill());
      await provider.start();
      const { address } = links.find(outside, to, "api");
      return Object.assign(new Part(to, provider, { api: address }), { provider });
    }),
  );
  const urls: ProviderUrls = (nodeRegion, providerRegion) => {
    const from = endpointOf("node", nodeRegion);
    const link = links.find(from, endpointOf("provider", providerRegion), "api");
    return `http://${link.address}/v1`;
  };
  return { parts, urls };
}
