import { ManualClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { Debouncer } from "./debouncer.ts";

// Each row: when something happened (ms; "!" for what can't wait), and when it is acted on.
describe("Debouncer", () => {
  it.each([
    { name: "a single change after quiet", at: ["0"], acts: [50] },
    { name: "a rush once", at: ["0", "20", "40"], acts: [90] },
    { name: "two rushes twice", at: ["0", "100"], acts: [50, 150] },
    { name: "an endless rush at the maximum", at: rush(0, 600, 40), acts: [500, 650] },
    { name: "what can't wait at once", at: ["10!"], acts: [10] },
    { name: "what waited together with what can't", at: ["0", "20!"], acts: [20] },
    { name: "what comes after what can't wait", at: ["0", "20!", "30"], acts: [20, 80] },
  ])("acts on $name", async ({ at, acts }) => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const times = { quietMs: 50, maxMs: 500 };
    const debouncer = new Debouncer({ clock, times, act: () => seen.push(clock.now()) });
    for (const event of at) {
      await clock.advance(Number.parseInt(event, 10) - clock.now());
      if (event.endsWith("!")) debouncer.flush();
      else debouncer.trigger();
    }
    await clock.advance(1000);
    expect(seen).toEqual(acts);
  });

  it("does nothing more once stopped", async () => {
    const clock = new ManualClock();
    let acts = 0;
    const debouncer = new Debouncer({
      clock,
      times: { quietMs: 50, maxMs: 500 },
      act: () => {
        acts += 1;
      },
    });
    debouncer.trigger();
    debouncer.stop();
    await clock.advance(1000);
    expect(acts).toBe(0);
  });
});

function rush(fromMs: number, toMs: number, everyMs: number): string[] {
  const events: string[] = [];
  for (let ms = fromMs; ms <= toMs; ms += everyMs) events.push(String(ms));
  return events;
}
