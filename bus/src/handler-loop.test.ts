import { Wakeup } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { HandlerLoop } from "./handler-loop.ts";

describe("HandlerLoop", () => {
  it("calls the handler neither within start() nor after stop()", async () => {
    const items = ["a", "b"];
    const handled: string[] = [];
    const loop = new HandlerLoop<string>({
      take: () => items.shift(),
      wakeup: new Wakeup(),
      handle: (item) => void handled.push(item),
      onError: () => {},
    });
    loop.start();
    expect(handled).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(handled).toEqual(["a", "b"]);
    items.push("c");
    await loop.stop();
    expect(handled).toEqual(["a", "b"]);
  });

  it("stops before its first item", async () => {
    const handled: string[] = [];
    const loop = new HandlerLoop<string>({
      take: () => "again",
      wakeup: new Wakeup(),
      handle: (item) => void handled.push(item),
      onError: () => {},
    });
    loop.start();
    await loop.stop();
    expect(handled).toEqual([]);
  });
});
