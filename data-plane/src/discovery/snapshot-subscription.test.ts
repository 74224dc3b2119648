import { Code, ConnectError } from "@connectrpc/connect";
import { ManualClock } from "@headgate/core";
import { afterEach, describe, expect, it } from "vitest";
import { FakeState, team } from "./__fixtures__/deltas.ts";
import { ScriptedControlPlane } from "./__fixtures__/scripted-control-plane.ts";
import { applyDelta } from "./apply-delta.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";
import { type ApplyOutcome, SnapshotSubscription } from "./snapshot-subscription.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describe("SnapshotSubscription", () => {
  it("says who it is and that it has nothing, then acknowledges what it applies", async () => {
    const { plane, state, subscription } = start();
    expect(subscription.state).toBe("connecting");
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5"]);
    expect(plane.stream.hello).toMatchObject({
      node: "n1",
      region: "eu",
      build: "1.2.3",
      bootId: "boot",
      appliedVersion: 0n,
      stateHash: 0n,
    });
    expect(subscription.state).toBe("live");
  });

  it("resumes with version and hash from where it was", async () => {
    const { plane, state, clock, pauses, inUse } = start();
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5"]);
    plane.stream.end(new ConnectError("killed", Code.Unavailable));
    await expect.poll(() => pauses.length).toBe(1);
    await clock.advance(2_500);
    await expect.poll(() => plane.streams.length).toBe(2);
    await expect.poll(() => plane.stream.received.length).toBe(1);
    expect(plane.stream.hello).toMatchObject({ appliedVersion: 5n, stateHash: state.stateHash });
    plane.stream.send(state.change(6n, [team("b", 6n)]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 6"]);
    expect(inUse().resources.size).toBe(2);
  });

  it("refuses a bad delta with reasons, keeps the last good one, and stays on the stream", async () => {
    const { plane, state, inUse } = start();
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    plane.stream.send({ ...state.full(), fromVersion: 5n, version: 6n, upserts: [team("!")] });
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5", "nack 5"]);
    const nack = plane.stream.received.at(-1);
    if (nack?.case !== "nack") throw new Error("it is no NACK");
    expect(nack.value.rejected).toMatchObject([{ kind: "team", name: "!" }]);
    expect(nack.value.nonce).toBe("nonce-5");
    plane.stream.send(state.change(7n, [team("b", 7n)]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5", "nack 5", "ack 7"]);
    expect(inUse().version).toBe(7n);
    expect(plane.streams).toHaveLength(1);
  });

  it("asks for everything when its state diverged, then goes on as usual", async () => {
    const { plane, state, clock, inUse } = start();
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5"]);
    plane.stream.send({ ...state.change(6n, [team("b", 6n)]), stateHash: 1n });
    await expect.poll(() => plane.stream.isCancelled).toBe(true);
    expect(inUse().version).toBe(5n);
    await clock.advance(5_000);
    await expect.poll(() => plane.stream.received.length).toBe(1);
    expect(plane.stream.hello).toMatchObject({ appliedVersion: 0n, stateHash: 0n });
    plane.stream.send(state.full());
    await expect.poll(() => plane.stream.answers).toEqual(["ack 6"]);
    plane.stream.end();
    await expect.poll(() => plane.stream.isOpen).toBe(false);
    await clock.advance(5_000);
    await expect.poll(() => plane.streams.length).toBe(3);
    await expect.poll(() => plane.stream.received.length).toBe(1);
    expect(plane.stream.hello.appliedVersion).toBe(6n);
  });

  it("pauses longer while nothing good comes, at most 30 s, and starts over after it did", async () => {
    const { plane, state, clock, pauses } = start({ isUp: false });
    for (let failures = 1; failures <= 5; failures++) {
      await expect.poll(() => pauses.length).toBe(failures);
      if (failures === 5) plane.isUp = true;
      await clock.advance(pauses.at(-1)?.pauseMs ?? 0);
    }
    expect(pauses.map(({ pauseMs }) => pauseMs)).toEqual([2_500, 5_000, 10_000, 15_000, 15_000]);
    expect(pauses[0]?.reason).toMatchObject({ message: "[unavailable] down" });
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5"]);
    plane.goDown();
    await expect.poll(() => pauses.length).toBe(6);
    expect(pauses[5]?.pauseMs).toBe(2_500);
  });

  it("goes to the next endpoint as soon as it is told, when a stream ends on purpose", async () => {
    const { plane, state, pauses } = start();
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5"]);
    plane.stream.end(comeBack("0"));
    await expect.poll(() => pauses.length).toBe(1);
    expect(pauses[0]?.pauseMs).toBe(250);
  });

  it("does not come back for ever at the pace of one that ends every stream", async () => {
    const { plane, clock, pauses } = start();
    for (let ends = 1; ends <= 7; ends++) {
      await expect.poll(() => plane.streams.length).toBe(ends);
      plane.stream.end(comeBack("0"));
      await expect.poll(() => pauses.length).toBe(ends);
      await clock.advance(pauses.at(-1)?.pauseMs ?? 0);
    }
    expect(pauses.map(({ pauseMs }) => pauseMs)).toEqual([250, 250, 250, 250, 250, 15_000, 15_000]);
  });

  it("says of a refusal whether it is the delta or the node that is wrong", async () => {
    const { plane, state } = start();
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    plane.stream.send({ ...state.full(), fromVersion: 5n, version: 6n, upserts: [team("!")] });
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5", "nack 5"]);
    expect(plane.stream.received.at(-1)?.value).toMatchObject({ diverged: false });
    plane.stream.send({ ...state.change(7n, [team("b", 7n)]), stateHash: 1n });
    await expect.poll(() => plane.stream.answers).toEqual(["ack 5", "nack 5", "nack 5"]);
    expect(plane.stream.received.at(-1)?.value).toMatchObject({ diverged: true });
  });

  it("goes to the next endpoint when one fails", async () => {
    const down = new ScriptedControlPlane();
    down.isUp = false;
    const { plane, clock, pauses } = start({ before: [down, down] });
    for (let failures = 1; failures <= 2; failures++) {
      await expect.poll(() => pauses.length).toBe(failures);
      await clock.advance(pauses.at(-1)?.pauseMs ?? 0);
    }
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.goDown();
    await expect.poll(() => pauses.length).toBe(3);
    expect(down.streams).toHaveLength(0);
  });

  it("stops in the middle of a stream without reporting it as lost", async () => {
    const { plane, subscription, pauses } = start();
    await expect.poll(() => plane.streams.length).toBe(1);
    await subscription.stop();
    await subscription.stop();
    expect(subscription.state).toBe("stopped");
    await expect.poll(() => plane.stream.isOpen).toBe(false);
    expect(pauses).toEqual([]);
    expect(() => subscription.start()).toThrow("cannot start when stopped");
  });

  it("stops during a pause without opening another stream", async () => {
    const { plane, subscription, pauses } = start({ isUp: false });
    await expect.poll(() => pauses.length).toBe(1);
    plane.isUp = true;
    await subscription.stop();
    expect(plane.streams).toHaveLength(0);
  });

  it("waits on stop until what is being applied is in force", async () => {
    const gate = Promise.withResolvers<void>();
    const { plane, state, subscription, inUse } = start({ gate: gate.promise });
    await expect.poll(() => plane.streams.length).toBe(1);
    plane.stream.send(state.change(5n, [team("a")]));
    await expect.poll(() => subscription.state).toBe("live");
    let stopped = false;
    const stopping = subscription.stop().then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    gate.resolve();
    await stopping;
    expect(inUse().version).toBe(5n);
  });
});

function comeBack(afterMs: string): ConnectError {
  return new ConnectError("moving", Code.Unavailable, { "x-headgate-retry-after-ms": afterMs });
}

interface StartOptions {
  readonly isUp?: boolean;
  /** Endpoints before the one that works. */
  readonly before?: readonly ScriptedControlPlane[];
  /** Applying takes until this resolves. */
  readonly gate?: Promise<void>;
}

/** A subscription with a real applyDelta() on a clock that stands still; chance is always 0.5. */
function start({ isUp = true, before = [], gate }: StartOptions = {}) {
  const plane = new ScriptedControlPlane();
  plane.isUp = isUp;
  const clock = new ManualClock();
  const pauses: { reason: unknown; pauseMs: number }[] = [];
  let snapshot: Snapshot = emptySnapshot;
  const subscription = new SnapshotSubscription({
    transports: [...before, plane].map(({ transport }) => transport),
    identity: { node: "n1", region: "eu", build: "1.2.3", bootId: "boot" },
    inUse: () => snapshot,
    apply: async (response): Promise<ApplyOutcome> => {
      await gate;
      const outcome = applyDelta(snapshot, response);
      if (outcome.ok) {
        snapshot = outcome.snapshot;
        return { kind: "applied" };
      }
      return { kind: outcome.diverged ? "diverged" : "rejected", rejected: outcome.rejected };
    },
    onConnect: () => {},
    onDisconnect: (reason, pauseMs) => pauses.push({ reason, pauseMs }),
    clock,
    random: () => 0.5,
  });
  subscription.start();
  cleanups.push(() => subscription.stop());
  return { plane, state: new FakeState(), subscription, clock, pauses, inUse: () => snapshot };
}
