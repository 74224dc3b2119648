import { createInProcessBus } from "@headgate/bus";
import { ManualClock } from "@headgate/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { HeldOfBuild } from "./builds.ts";
import { decodeHeldMessage, encodeHeldMessages } from "./held-message.ts";
import { HeldSharing } from "./held-sharing.ts";

const poison: HeldOfBuild = { build: "1.2", kind: "model", name: "m", revision: 7, message: "bad" };

describe("HeldSharing", () => {
  it("tells the others at once, not itself, and those that come later within half a minute", async () => {
    const { clock, join, settle } = setUp();
    const [one, two] = [join("cp-1", [poison]), join("cp-2", [])];
    one.sharing.tell([poison]);
    await settle();
    expect(two.heard).toEqual([poison]);
    expect(one.heard).toEqual([]);
    const late = join("cp-3", []);
    await clock.advance(30_000);
    await settle();
    expect(late.heard).toEqual([poison]);
  });

  it("does without the bus, and survives nonsense on it", async () => {
    const { bus, join, settle } = setUp();
    const one = join("cp-1", []);
    bus.publish("ctl.held.eu", Buffer.from("{"));
    bus.publish("ctl.held.eu", Buffer.from('{"from":"x","held":[{"build":1}]}'));
    await settle();
    expect(one.heard).toEqual([]);
    await bus.close();
    expect(() => one.sharing.tell([poison])).not.toThrow();
  });
});

describe("held messages", () => {
  it("come back as they were, in pages of 200, with messages cut", () => {
    const many = Array.from({ length: 450 }, (_, n) => ({
      ...poison,
      revision: n,
      message: "x".repeat(1024),
    }));
    const read = [...encodeHeldMessages("eu/cp-1", many)].map(decodeHeldMessage);
    expect(read.map(({ held }) => held.length)).toEqual([200, 200, 50]);
    expect(read.flatMap(({ held }) => held.map(({ revision }) => revision))).toEqual(
      many.map(({ revision }) => revision),
    );
    expect(read[0]?.held[0]?.message).toHaveLength(300);
  });

  it.each([
    { name: "no object", text: "3" },
    { name: "no list", text: '{"from":"a","held":{}}' },
    {
      name: "too many",
      text: JSON.stringify({ from: "a", held: Array.from({ length: 201 }, () => poison) }),
    },
    {
      name: "a fractional revision",
      text: JSON.stringify({ from: "a", held: [{ ...poison, revision: 1.5 }] }),
    },
    {
      name: "a name that is too long",
      text: JSON.stringify({ from: "a", held: [{ ...poison, name: "x".repeat(257) }] }),
    },
    { name: "no sender", text: JSON.stringify({ held: [poison] }) },
  ])("are refused with $name", ({ text }) => {
    expect(() => decodeHeldMessage(Buffer.from(text))).toThrow(RangeError);
  });

  it("may say more than is known", () => {
    const text = JSON.stringify({ from: "a", held: [{ ...poison, colour: 1 }], more: true });
    expect(decodeHeldMessage(Buffer.from(text)).held).toEqual([poison]);
  });
});

function setUp() {
  const clock = new ManualClock();
  const logger = pino({ level: "silent" });
  const bus = createInProcessBus({ clock, onError: () => undefined });
  const join = (name: string, held: readonly HeldOfBuild[]) => {
    const heard: HeldOfBuild[] = [];
    const replica = { name, region: "eu" };
    const onHeld = (one: HeldOfBuild) => heard.push(one);
    const sharing = new HeldSharing({ bus, clock, logger, replica, onHeld, held: () => held });
    return { sharing, heard };
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, bus, join, settle };
}
