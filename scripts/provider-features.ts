/**
 * Writes docs/providers/features.md: what becomes of each feature at each provider, found out by
 * translating a request that asks for it. Part of `npm run generate`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type Column, chatColumns, endpointColumns } from "./provider-features/columns.ts";
import { endpoints, servedHow } from "./provider-features/endpoints.ts";
import { featureGroups } from "./provider-features/features.ts";
import { type Outcome, outcomeOf } from "./provider-features/outcome.ts";
import { table } from "./provider-features/table.ts";

const file = new URL("../docs/providers/features.md", import.meta.url);

const page = readFileSync(file, "utf8");
const withEndpoints = between(page, "endpoints", endpointTable(endpointColumns()));
writeFileSync(file, between(withEndpoints, "features", await featureTable(chatColumns())));

function endpointTable(columns: readonly Column[]): string {
  const rows = endpoints.map(([path, endpoint]) => [
    `\`${path}\``,
    ...columns.map((column) => servedHow(endpoint, column)),
  ]);
  return table(["", ...columns.map(({ title }) => title)], rows);
}

async function featureTable(columns: readonly Column[]): Promise<string> {
  const rows: string[][] = [];
  for (const { title, features } of featureGroups) {
    rows.push([`**${title}**`]);
    for (const feature of features) {
      const outcomes = await Promise.all(columns.map((column) => outcomeOf(feature, column)));
      rows.push([feature.name, ...outcomes.map((outcome) => signs()[outcome])]);
    }
  }
  const models = columns.map(
    ({ title, type, target }) => `- ${title}: ${type}, \`${target.model}\``,
  );
  return [
    table(["", ...columns.map(({ title }) => title)], rows),
    "",
    "The columns, by type and model:",
    "",
    ...models,
  ].join("\n");
}

function signs(): Readonly<Record<Outcome, string>> {
  return { said: "✓", fetched: "fetched", dropped: "–", silent: "·", refused: "✗" };
}

/** @throws Error if the page does not have both markers, in their order. */
function between(page: string, name: string, text: string): string {
  const begin = `<!-- ${name}: written by \`npm run generate\`, do not edit -->`;
  const end = `<!-- end of ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page needs the lines ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
