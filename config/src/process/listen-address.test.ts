import { describe, expect, it } from "vitest";
import { formatListenAddress, parseListenAddress } from "./listen-address.ts";

describe("parseListenAddress()", () => {
  it.each([
    ["127.0.0.1:8080", { kind: "tcp", host: "127.0.0.1", port: 8080 }],
    ["localhost:0", { kind: "tcp", host: "localhost", port: 0 }],
    ["[::1]:8080", { kind: "tcp", host: "::1", port: 8080 }],
    ["unix:/run/headgate.sock", { kind: "unix", path: "/run/headgate.sock" }],
  ] as const)("takes %s, and formats it back", (text, address) => {
    expect(parseListenAddress(text)).toEqual({ ok: true, address });
    expect(formatListenAddress(address)).toBe(text);
  });

  it.each([
    [
      ":8080",
      'has no host: write "0.0.0.0:8080" for every interface, "127.0.0.1:8080" for this machine only',
    ],
    ["8080", 'has no host: write "0.0.0.0:8080" or "127.0.0.1:8080"'],
    ["::1:8080", 'is an IPv6 address without brackets: write "[::1]:8080"'],
    ["unix:", 'has no path: write "unix:/run/headgate.sock"'],
    [`unix:/${"x".repeat(103)}`, "is too long for a socket: its path has at most 103 bytes"],
    ...["", "localhost", "a:b", "a:70000", "http://a:1", "a b:1"].map((text) => [
      text,
      'is not an address: write host:port, such as "0.0.0.0:8080", "[::1]:8080", or "unix:/path.sock"',
    ]),
  ])('refuses "%s" and says what is right', (text = "", message) => {
    expect(parseListenAddress(text)).toEqual({ ok: false, message });
  });
});
