import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { waitUntilInForce } from "./wait-until-in-force.ts";

// Each row: the versions that the nodes have, one look after the other; the last stays.
describe("waitUntilInForce()", () => {
  it.each([
    { name: "a node that has it already", looks: [[7n]], asked: 1, warned: false },
    {
      name: "a node that starts with an older one",
      looks: [[3n], [3n], [8n]],
      asked: 3,
      warned: false,
    },
    { name: "a node that has not connected", looks: [[], [7n]], asked: 2, warned: false },
    {
      name: "the slowest of several",
      looks: [
        [9n, 3n],
        [9n, 7n],
      ],
      asked: 2,
      warned: false,
    },
    { name: "a node that refuses it, for 5 s", looks: [[3n]], asked: undefined, warned: true },
  ])("waits for $name", async ({ looks, asked, warned }) => {
    const world = await wait(looks, new AbortController().signal);
    if (asked !== undefined) expect(world.asked).toBe(asked);
    expect(world.log.includes("not-in-force")).toBe(warned);
  });

  it("stops waiting, without a word, when told to stop", async () => {
    const world = await wait([[3n]], AbortSignal.abort());
    expect(world).toEqual({ asked: 0, log: "" });
  });
});

/** Wait for revision 7 on a clock that moves whenever nothing else does. */
async function wait(looks: readonly (readonly bigint[])[], stop: AbortSignal) {
  let asked = 0;
  let log = "";
  const transport = createRouterTransport(({ service }) => {
    service(admin.AdminService, {
      listNodes: () => {
        const versions = looks[Math.min(asked, looks.length - 1)] ?? [];
        asked += 1;
        const nodes = versions.map((appliedVersion) => ({ appliedVersion }));
        return create(admin.ListNodesResponseSchema, { nodes });
      },
    });
  });
  const keep = (line: string): void => {
    log += line;
  };
  const logger = pino({ level: "warn" }, { write: keep });
  const clock = new ManualClock();
  const waiting = waitUntilInForce({
    controlPlane: { transport },
    revision: 7n,
    clock,
    logger,
    stop,
  });
  let done = false;
  void waiting.then(() => {
    done = true;
  });
  while (!done) await clock.advance(1);
  return { asked, log };
}
