import type { ProviderUrls } from "./lab-options.ts";

/** What applications of the lab show. It is no secret: nothing but this machine is behind it. */
export const labKey = "sk-hg-lab-0123456789abcdef";

/** The model that the lab serves. */
export const labModel = "chat";

/**
 * One model, in every region from its own provider, and from another region's when that one fails.
 * Nodes of each region go to each provider over a link of their own, so a provider has as many
 * entries as there are regions that use it.
 */
export function labResources(regions: readonly string[], urls: ProviderUrls): string {
  const pairs = regions.flatMap((from) => regions.map((to) => ({ from, to })));
  const providers = pairs.map(
    ({ from, to }) =>
      `  - {name: ${to}-for-${from}, type: openai-compatible, base_url: "${urls(from, to)}", credentials: [{name: ${to}-for-${from}}]}`,
  );
  const deployments = pairs.map(
    ({ from, to }) =>
      `      - {provider: ${to}-for-${from}, model: fake-model, regions: [${from}], priority: ${from === to ? 0 : 1}}`,
  );
  return [
    "providers:",
    ...providers,
    "models:",
    `  - name: ${labModel}`,
    "    deployments:",
    ...deployments,
    `keys: [{name: lab, secret: ${labKey}}]`,
    "",
  ].join("\n");
}
