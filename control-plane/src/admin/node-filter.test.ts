import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { admin } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { nodeFilter } from "./node-filter.ts";

const node = create(admin.NodeSchema, {
  name: "eu-west-1",
  region: "eu-west",
  build: "1.2.3",
  state: admin.NodeState.CONNECTED,
  replica: "cp-1",
});

describe("nodeFilter()", () => {
  it.each([
    ["", true],
    ["name = eu-*", true],
    ["region = us-east", false],
    ["state = connected AND build = 1.2.3", true],
    ["state = disconnected", false],
    ["replica != cp-1", false],
  ])("%s is %s", (text, expected) => {
    expect(nodeFilter(text)(node)).toBe(expected);
  });

  it("says what there is", () => {
    expect(() => nodeFilter("state = gone")).toThrow(/one of connected, disconnected/);
    expect(() => nodeFilter("zone = a")).toThrow(
      expect.objectContaining({
        code: Code.InvalidArgument,
        rawMessage: expect.stringMatching(/there are name, region, build, state, replica/),
      }),
    );
  });
});
