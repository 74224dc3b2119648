import { ManualClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { busConformance } from "./bus.conformance.ts";
import { createInProcessBus } from "./in-process-bus.ts";

busConformance("in-process bus", async () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const bus = createInProcessBus({ clock, onError: (error) => errors.push(error) });
  const advance = (ms: number) => clock.advance(ms);
  return { bus, errors, advance, now: () => clock.now(), dispose: () => bus.close() };
});

describe("in-process bus", () => {
  it("takes turns in a group, passing over a member that is busy", async () => {
    const bus = createInProcessBus({ clock: new ManualClock() });
    const gate = Promise.withResolvers<void>();
    const counts = [0, 0, 0];
    for (const member of counts.keys()) {
      const handler = async (): Promise<void> => {
        counts[member] = (counts[member] ?? 0) + 1;
        if (member === 0) await gate.promise;
      };
      bus.subscribe("a", handler, { group: "g" });
    }
    for (let count = 0; count < 30; count++) {
      bus.publish("a", new Uint8Array());
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The busy one has its first message and one waiting.
    expect(counts).toEqual([1, 14, 14]);
    gate.resolve();
    await bus.close();
  });

  it("leaves others their turn while messages go round and round", async () => {
    const bus = createInProcessBus({ clock: new ManualClock() });
    let rounds = 0;
    bus.subscribe("a", () => {
      rounds += 1;
      bus.publish("a", new Uint8Array());
    });
    bus.publish("a", new Uint8Array());
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(rounds).toBeGreaterThan(0);
    await bus.close();
  });

  it("holds no timer and no listener for what is over", async () => {
    const clock = new CountingClock();
    const bus = createInProcessBus({ clock });
    const stream = await bus.stream({ name: "S", subjects: ["s"] });
    bus.subscribe("a", ({ respond }) => respond?.(new Uint8Array()));
    await stream.consume({ durable: "c" }, (message) => message.ack());
    for (let count = 0; count < 100; count++) {
      await bus.request("a", new Uint8Array(), { timeoutMs: 1000 });
      await stream.append("s", new Uint8Array());
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.started).toBe(200);
    expect(clock.sleeping).toBe(0);
    await bus.close();
  });
});

/** Counts who sleeps. */
class CountingClock extends ManualClock {
  started = 0;
  sleeping = 0;

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.started += 1;
    this.sleeping += 1;
    await super.sleep(ms, signal);
    this.sleeping -= 1;
  }
}
