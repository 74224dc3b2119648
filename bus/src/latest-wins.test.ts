import { ManualClock } from "@headgate/core";
import { expect, it, vi } from "vitest";
import { createInProcessBus } from "./in-process-bus.ts";
import { subscribeLatest } from "./latest-wins.ts";

it("keeps the newest report of each node, however many come", async () => {
  const bus = createInProcessBus({ clock: new ManualClock() });
  const latest = subscribeLatest(bus, "load.*");
  for (let round = 0; round < 20_000; round++) {
    bus.publish(`load.${round % 3}`, new TextEncoder().encode(`${round}`));
  }
  await vi.waitFor(() => expect(latest.overwritten).toBe(20_000 - 3));
  const texts = [...latest.take().values()].map(({ data }) => new TextDecoder().decode(data));
  expect(texts.sort()).toEqual(["19997", "19998", "19999"]);
  expect(latest.size).toBe(0);
  await bus.close();
});

it("wakes who waits, and stops when disposed of", async () => {
  const clock = new ManualClock();
  const bus = createInProcessBus({ clock });
  const latest = subscribeLatest(bus, "load.*");
  const stopper = new AbortController();
  const woken = latest.wait(stopper.signal);
  bus.publish("load.1", new Uint8Array());
  await woken;
  expect([...latest.take().keys()]).toEqual(["load.1"]);
  await latest[Symbol.asyncDispose]();
  bus.publish("load.1", new Uint8Array());
  await clock.advance(0);
  expect(latest.size).toBe(0);
  await bus.close();
});
