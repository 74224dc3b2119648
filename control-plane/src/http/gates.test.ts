import { createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createBearerCheck } from "./bearer-token.ts";
import { isLoopback, nodeGate } from "./gates.ts";
import { peerKey } from "./peer.ts";

describe("isLoopback()", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.8.9.1", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["10.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["127.evil.example", false],
    ["unknown", false],
    ["", false],
  ])("says of %j: %s", (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});

describe("createBearerCheck()", () => {
  const check = createBearerCheck("secret-token");
  it.each([
    ["Bearer secret-token", true],
    ["bearer  secret-token ", true],
    ["Bearer secret-toke", false],
    ["Bearer secret-token2", false],
    ["Basic secret-token", false],
    ["secret-token", false],
    ["Bearer", false],
    ["", false],
    [null, false],
  ])("says of %j: %s", (header, expected) => {
    expect(check(header)).toBe(expected);
  });
});

describe("nodeGate()", () => {
  it.each([
    { name: "this machine, no token configured", address: "127.0.0.1", lets: true },
    { name: "another machine, no token configured", address: "10.0.0.1", lets: false },
    { name: "this machine without the token", address: "127.0.0.1", token: "t", lets: false },
    {
      name: "another machine with the token",
      address: "10.0.0.1",
      token: "t",
      header: "Bearer t",
      lets: true,
    },
  ])("lets in $name: $lets", ({ address, token, header, lets }) => {
    const peer = { address, cut: () => undefined, close: () => undefined };
    const values = createContextValues().set(peerKey, peer);
    const requestHeader = new Headers(header ? { authorization: header } : {});
    const knock = () => nodeGate(token)({ requestHeader, values });
    if (lets) expect(knock).not.toThrow();
    else expect(knock).toThrow(/join token/);
  });
});
