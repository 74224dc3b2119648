import { describe, expect, it } from "vitest";
import { formatTable } from "./table.ts";

describe("formatTable()", () => {
  it.each([
    { name: "headings alone", rows: [], text: "NAME  TEAM\n" },
    {
      name: "columns as wide as their widest cell",
      rows: [
        ["alice-laptop", "r"],
        ["b", "research"],
      ],
      text: "NAME          TEAM\nalice-laptop  r\nb             research\n",
    },
    { name: "a dash for an empty cell", rows: [["a", ""]], text: "NAME  TEAM\na     -\n" },
    {
      name: "no control characters from outside",
      rows: [["a\u001b[31m", "x\ny"]],
      text: "NAME    TEAM\na [31m  x y\n",
    },
  ])("shows $name", ({ rows, text }) => {
    expect(formatTable(["NAME", "TEAM"], rows)).toBe(text);
  });
});
