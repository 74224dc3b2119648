import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { replaceSection } from "./docs-section.ts";

describe("replaceSection()", () => {
  it("puts the results between the markers of the page, again and again", async () => {
    const page = await readFile(new URL("../../../docs/benchmarks.md", import.meta.url), "utf8");
    const first = replaceSection(page, "one");
    expect(first).toContain("\n\none\n\n<!-- end of discovery -->");
    expect(replaceSection(first, "two")).toBe(replaceSection(page, "two"));
  });

  it("does not write into a page that has no place for them", () => {
    expect(() => replaceSection("# Page", "one")).toThrow("the page needs the lines");
  });
});
