import { ManualClock } from "@headgate/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";
import { SnapshotSaver } from "./snapshot-saver.ts";

describe("SnapshotSaver", () => {
  it("writes the first at once, then the latest once a second", async () => {
    const { saver, clock, written } = world();
    for (const version of [1, 2, 3]) saver.save(snapshot(version));
    await clock.advance(0);
    expect(written).toEqual([1]);
    saver.save(snapshot(4));
    await clock.advance(999);
    expect(written).toEqual([1]);
    await clock.advance(1);
    expect(written).toEqual([1, 4]);
    await clock.advance(60_000);
    expect(written).toEqual([1, 4]);
    saver.save(snapshot(5));
    await clock.advance(0);
    expect(written).toEqual([1, 4, 5]);
  });

  it("has one write in flight at most", async () => {
    const { saver, clock, written, disk } = world();
    disk.hold = Promise.withResolvers();
    saver.save(snapshot(1));
    await clock.advance(10_000);
    saver.save(snapshot(2));
    await clock.advance(10_000);
    expect(disk.writing).toBe(1);
    disk.hold.resolve();
    disk.hold = undefined;
    await clock.advance(1_000);
    expect(written).toEqual([1, 2]);
    expect(disk.writingMax).toBe(1);
  });

  it("writes what waits when it stops, and is done when stop() is", async () => {
    const { saver, clock, written } = world();
    saver.save(snapshot(1));
    await clock.advance(0);
    saver.save(snapshot(2));
    await Promise.all([saver.stop(), saver.stop()]);
    expect(written).toEqual([1, 2]);
    await saver.stop();
    expect(written).toEqual([1, 2]);
  });

  it("warns once while the disk fails, retries, and says when it works again", async () => {
    const { saver, clock, written, disk, lines, failures } = world();
    disk.error = new Error("ENOSPC: no space left on device");
    saver.save(snapshot(1));
    await clock.advance(0);
    saver.save(snapshot(2));
    await clock.advance(90_000);
    expect(failures.count).toBeGreaterThan(2);
    expect(lines.map(({ level }) => level)).toEqual(["warn"]);
    disk.error = undefined;
    await clock.advance(30_000);
    expect(written).toEqual([2]);
    expect(lines.map(({ level }) => level)).toEqual(["warn", "info"]);
    await saver.stop();
  });

  it("stops although the disk fails", async () => {
    const { saver, disk } = world();
    disk.error = new Error("EROFS: read-only file system");
    saver.save(snapshot(1));
    await saver.stop();
  });
});

function snapshot(version: number): Snapshot {
  return { ...emptySnapshot, version: BigInt(version) };
}

/** A disk that fails or takes its time as told, on a clock that stands still. */
function world() {
  const clock = new ManualClock();
  const written: number[] = [];
  const failures = { count: 0 };
  const lines: { level: string }[] = [];
  const disk: {
    error: Error | undefined;
    hold: PromiseWithResolvers<void> | undefined;
    writing: number;
    writingMax: number;
  } = { error: undefined, hold: undefined, writing: 0, writingMax: 0 };
  const logger = pino(
    { formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );
  const saver = new SnapshotSaver({
    clock,
    logger,
    onFailure: () => {
      failures.count += 1;
    },
    write: async ({ version }) => {
      disk.writing += 1;
      disk.writingMax = Math.max(disk.writingMax, disk.writing);
      await disk.hold?.promise;
      disk.writing -= 1;
      if (disk.error) throw disk.error;
      written.push(Number(version));
    },
  });
  return { saver, clock, written, disk, failures, lines };
}
