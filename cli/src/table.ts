/** Columns under headings, aligned with spaces: plain text, good for eyes, grep and awk. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [headings, ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) => `${formatLine(line, widths)}\n`).join("");
}

function formatLine(line: readonly string[], widths: readonly number[]): string {
  const cells = line.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return cells.join("  ").trimEnd();
}

/** An empty cell shows as a dash, so that columns can be counted. */
function printable(cell: string): string {
  return cell === "" ? "-" : withoutControls(cell);
}

/** What others wrote must not steer our terminal. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
