import { describe, expect, it } from "vitest";
import { markdownTable } from "./markdown-table.ts";

describe("markdownTable", () => {
  it("lines columns up, words left and numbers right", () => {
    const table = markdownTable(
      ["figure", "a"],
      [
        ["cold start", "12"],
        ["x", "12.5 ms"],
      ],
    );
    expect(table.split("\n")).toEqual([
      "| figure     |       a |",
      "| ---------- | ------: |",
      "| cold start |      12 |",
      "| x          | 12.5 ms |",
    ]);
  });

  it("leaves cells that a row does not have empty", () => {
    expect(markdownTable(["one", "two"], [["1"]]).split("\n")[2]).toBe("| 1   |     |");
  });
});
