import { expect, it } from "vitest";
import { labSettings } from "./lab-options.ts";

it("has three regions of one each unless told otherwise", () => {
  expect(labSettings({})).toMatchObject({
    regions: ["eu-west", "us-east", "ap-south"],
    controlPlanesPerRegion: 1,
    nodesPerRegion: 1,
  });
});

it.each([
  { name: "no region", options: { regions: [] } },
  { name: "a region twice", options: { regions: ["eu", "us", "eu"] } },
  { name: "a region named like a kind", options: { regions: ["node"] } },
  { name: "a region with a slash", options: { regions: ["eu/west"] } },
  { name: "half a node", options: { nodesPerRegion: 0.5 } },
  { name: "ten replicas", options: { controlPlanesPerRegion: 10 } },
  { name: "a number that is none", options: { nodesPerRegion: Number.NaN } },
])("refuses $name", ({ options }) => {
  expect(() => labSettings(options)).toThrow(RangeError);
});
