import { describe, expect, it } from "vitest";
import { endpointOf, isIn, outside } from "./place.ts";

describe("isIn()", () => {
  const only = endpointOf("node", "eu-west");
  const second = endpointOf("control-plane", "eu-west", 2);

  it.each([
    { name: "its region", endpoint: only, place: "eu-west", isThere: true },
    { name: "its kind", endpoint: only, place: "node", isThere: true },
    { name: "its name", endpoint: only, place: "node/eu-west", isThere: true },
    {
      name: "its kind in its region",
      endpoint: second,
      place: "control-plane/eu-west",
      isThere: true,
    },
    {
      name: "its name among replicas",
      endpoint: second,
      place: "control-plane/eu-west/2",
      isThere: true,
    },
    {
      name: "not another replica",
      endpoint: second,
      place: "control-plane/eu-west/1",
      isThere: false,
    },
    { name: "not another region", endpoint: only, place: "us-east", isThere: false },
    {
      name: "not a region that begins alike",
      endpoint: endpointOf("node", "eu-west-2"),
      place: "node/eu-west",
      isThere: false,
    },
    { name: "not another kind", endpoint: only, place: "etcd", isThere: false },
    { name: "outside, for the user", endpoint: outside, place: "outside", isThere: true },
    { name: "no region, for the user", endpoint: outside, place: "eu-west", isThere: false },
  ])("says a part is in $name", ({ endpoint, place, isThere }) => {
    expect(isIn(endpoint, place)).toBe(isThere);
  });
});
