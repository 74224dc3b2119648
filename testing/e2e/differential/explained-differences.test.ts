import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { explainedDifferences } from "./explained-differences.ts";

const page = join(import.meta.dirname, "../../../docs/reference/translation-differences.md");

it("the page on differences has all that are explained here, and no others", () => {
  const [table = ""] = readFileSync(page, "utf8").match(/^\| vendor [\s\S]*?\n\n/m) ?? [];
  const rows = table.trim().split("\n").slice(2);
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  const documented = cells.map(([, vendor, difference]) => `${vendor}: ${difference}`);
  const here = explainedDifferences.map(({ vendor, difference }) => `${vendor}: ${difference}`);
  expect(documented).toEqual(here);
});
