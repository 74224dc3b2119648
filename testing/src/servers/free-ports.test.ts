import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { freePorts } from "./free-ports.ts";

describe("freePorts()", () => {
  it("gives nobody the same, though all ask at once and nobody listens yet", async () => {
    const given = await Promise.all(Array.from({ length: 20 }, () => freePorts(5)));
    expect(new Set(given.flat()).size).toBe(100);
    expect(given.flat().every((port) => port >= 10_000 && port < 32_000)).toBe(true);
  });

  it("passes over those that somebody listens on", async () => {
    const [port = 0] = await freePorts(1);
    await using server = createServer().listen(port + 1, "127.0.0.1");
    await once(server, "listening");
    expect(await freePorts(1)).not.toContain(port + 1);
  });
});
