import { describe, expect, it } from "vitest";
import { replaceBetweenMarkers } from "./docs-page.ts";

const begin = "<!-- results: written by `npm run bench`, do not edit -->";
const end = "<!-- end of results -->";

describe("replaceBetweenMarkers", () => {
  it("replaces what is between the markers and nothing else", () => {
    const page = `# Title\n\n${begin}\nold\n${end}\n\nThe rest.\n`;
    expect(replaceBetweenMarkers(page, "new")).toBe(
      `# Title\n\n${begin}\n\nnew\n\n${end}\n\nThe rest.\n`,
    );
  });

  it("changes nothing when it is done again", () => {
    const once = replaceBetweenMarkers(`${begin}${end}`, "new");
    expect(replaceBetweenMarkers(once, "new")).toBe(once);
  });

  it.each(["", begin, end, `${end}\n${begin}`])(
    "refuses a page without both markers: %j",
    (page) => {
      expect(() => replaceBetweenMarkers(page, "new")).toThrow("needs the lines");
    },
  );
});
