const begin = "<!-- discovery: written by `npm run bench:discovery -- --write`, do not edit -->";
const end = "<!-- end of discovery -->";

/** @throws Error if the page does not have both markers, in their order. */
export function replaceSection(page: string, text: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page needs the lines ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
