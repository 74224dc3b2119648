import { describe, expect, it } from "vitest";
import { addressUrl } from "./address-url.ts";

describe("addressUrl()", () => {
  it.each([
    { address: { kind: "tcp", host: "127.0.0.1", port: 8080 }, url: "http://127.0.0.1:8080" },
    { address: { kind: "tcp", host: "0.0.0.0", port: 80 }, url: "http://127.0.0.1:80" },
    { address: { kind: "tcp", host: "::", port: 80 }, url: "http://[::1]:80" },
    { address: { kind: "tcp", host: "fe80::1", port: 80 }, url: "http://[fe80::1]:80" },
    { address: { kind: "unix", path: "/run/hg.sock" }, url: "http+unix:///run/hg.sock" },
  ] as const)("shows $address as $url", ({ address, url }) => {
    expect(addressUrl(address)).toBe(url);
  });
});
