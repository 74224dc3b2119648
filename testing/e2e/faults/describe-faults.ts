import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultGroup, startWorld, tryFault, type World } from "../../src/faults/index.ts";

/** Each takes a few seconds, or the half minute of a pause; several times that on a busy machine. */
const faultWithinMs = 240_000;
const startWithinMs = 60_000;

/** One lab for all faults of a group, in their order. Bounds are generous; `npm run faults` has the times. */
export function describeFaults({ name, lab, faults }: FaultGroup): void {
  describe(`faults of ${name}, with load`, { timeout: faultWithinMs }, () => {
    let world: World | undefined;
    beforeAll(async () => {
      world = await startWorld(lab);
    }, startWithinMs);
    afterAll(() => world?.[Symbol.asyncDispose]());

    it.each(faults)("$name: no call fails, no write is lost, all recovers", async (fault) => {
      const reason = fault.unavailable?.();
      if (reason !== undefined) {
        process.stdout.write(`not tried: ${fault.name}: ${reason}\n`);
        return;
      }
      if (!world) throw new Error("there is no lab");
      const report = await tryFault(world, fault);
      expect(report.problems).toEqual([]);
      expect(report.load.ok).toBeGreaterThan(0);
      expect(report.writes.acknowledged).toBeGreaterThan(0);
    });
  });
}
