import { ManualClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { RecentIds } from "./recent-ids.ts";

describe("RecentIds", () => {
  it("remembers for the window, and not beyond", async () => {
    const clock = new ManualClock();
    const ids = new RecentIds({ clock, windowMs: 100, idsMax: 10 });
    ids.remember("a", 1);
    await clock.advance(60);
    ids.remember("b", 2);
    await clock.advance(39);
    expect([ids.find("a"), ids.find("b")]).toEqual([1, 2]);
    await clock.advance(1);
    expect([ids.find("a"), ids.find("b")]).toEqual([undefined, 2]);
    ids.remember("a", 3);
    await clock.advance(60);
    expect([ids.find("a"), ids.find("b")]).toEqual([3, undefined]);
  });

  it("forgets the oldest for want of room", () => {
    const ids = new RecentIds({ clock: new ManualClock(), windowMs: 100, idsMax: 2 });
    for (const [index, id] of ["a", "b", "c"].entries()) ids.remember(id, index);
    expect(["a", "b", "c"].map((id) => ids.find(id))).toEqual([undefined, 1, 2]);
  });
});
