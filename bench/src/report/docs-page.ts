import { readFile, writeFile } from "node:fs/promises";

const file = new URL("../../../docs/benchmarks.md", import.meta.url);
const begin = "<!-- results: written by `npm run bench`, do not edit -->";
const end = "<!-- end of results -->";

/** Put the results into the page that explains them. */
export async function updateDocsPage(results: string): Promise<void> {
  await writeFile(file, replaceBetweenMarkers(await readFile(file, "utf8"), results));
}

/** @throws Error if the page does not have both markers, in their order. */
export function replaceBetweenMarkers(page: string, text: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page needs the lines ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
