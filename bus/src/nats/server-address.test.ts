import { describe, expect, it } from "vitest";
import { addressText, serverAddressFrom } from "./server-address.ts";

describe("address of a NATS server", () => {
  it.each([
    { server: "nats://nats-1:4333", host: "nats-1", port: 4333, tls: false },
    { server: "tls://nats.example.com:443", host: "nats.example.com", port: 443, tls: true },
    { server: "nats-1", host: "nats-1", port: 4222, tls: false },
    { server: "127.0.0.1:80", host: "127.0.0.1", port: 80, tls: false },
    { server: "nats://[::1]:4333/", host: "::1", port: 4333, tls: false },
  ])("is read from $server", ({ server, ...address }) => {
    expect(serverAddressFrom(server)).toEqual(address);
  });

  it.each(["", "http://nats", "nats://", "nats://a:99999", "nats://a:0", "nats://a/path"])(
    "is none: %j",
    (server) => {
      expect(() => serverAddressFrom(server)).toThrow(RangeError);
    },
  );

  it("refuses secrets without repeating them", () => {
    const reading = () => serverAddressFrom("nats://me:s3cret@nats");
    expect(reading).toThrow(/give them as credentials/);
    expect(reading).not.toThrow(/s3cret/);
  });

  it("is written with brackets where it needs them", () => {
    const [one, two] = ["[::1]:4333", "nats-1:4333"];
    expect([one, two].map((text) => addressText(serverAddressFrom(text)))).toEqual([one, two]);
  });
});
