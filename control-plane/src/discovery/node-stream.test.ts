import { resourceHash } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NodeStream, nextStep, openNodeStream, receive, sent } from "./node-stream.ts";
import { SnapshotCache } from "./snapshot-cache.ts";
import type { SnapshotEntry } from "./snapshot-history.ts";

// A whole world in one process: a cache that changes, a node that applies deltas (or refuses them,
// or answers late, or twice, or reconnects), and between them only the decisions under test.
describe("node stream decisions", () => {
  it("bring the node to the newest snapshot, by deltas that fit, one at a time", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (script) => {
        const world = new World();
        for (const event of script) world.play(event);
        world.settle();
        expect(world.node).toEqual(world.truth());
        expect(world.nodeVersion).toBe(world.cache.version);
      }),
      { numRuns: 300 },
    );
  });

  it("never send the same refused version twice on one stream", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (script) => {
        const world = new World();
        for (const event of script) world.play(event);
        expect(world.resent).toEqual([]);
      }),
    );
  });

  it.each([
    { name: "waits for a hello", ms: 9_999, step: { action: "wait", untilMs: 10_000 } },
    { name: "gives up on a hello", ms: 10_000, step: { action: "drop", reason: "no_hello" } },
  ])("$name", ({ ms, step }) => {
    expect(nextStep(openNodeStream(0), new SnapshotCache(), ms)).toEqual(step);
  });

  it.each([
    { name: "waits for an ACK", ms: 29_999, step: { action: "wait", untilMs: 30_000 } },
    { name: "gives up on an ACK", ms: 30_000, step: { action: "drop", reason: "no_ack" } },
  ])("$name", ({ ms, step }) => {
    const world = new World();
    world.play({ type: "deliver" });
    expect(nextStep(world.state, world.cache, ms)).toEqual(step);
  });

  it("drops the node when the store has gone back", () => {
    const world = new World();
    world.settle();
    world.cache.replaceAll(1, new Map(), 0);
    expect(nextStep(world.state, world.cache, 0)).toEqual({
      action: "drop",
      reason: "store_replaced",
    });
  });
});

type Event =
  | { type: "put" | "remove"; name: string }
  | { type: "publish" | "deliver" | "ack" | "nack" | "stale" | "reconnect" | "corrupt" };

const names = fc.constantFrom("a", "b", "c", "d");
const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("put" as const), name: names }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("remove" as const), name: names }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom(
        ...(["publish", "deliver", "ack", "nack", "stale", "reconnect", "corrupt"] as const),
      ),
    }),
  },
);

class World {
  readonly cache = new SnapshotCache();
  node = new Map<string, number>();
  nodeVersion = 0;
  state: NodeStream = openNodeStream(0);
  readonly resent: number[] = [];
  #refused = new Set<number>();
  #nonces = 0;
  #inFlight: (() => void) | undefined;
  #greeted = false;

  constructor() {
    this.cache.replaceAll(10, new Map([["team/a", entry("a", 10)]]), 0);
    this.cache.publish();
  }

  truth(): Map<string, number> {
    return new Map([...this.cache.entries()].map(({ name, revision }) => [name, revision]));
  }

  settle(): void {
    this.cache.publish();
    for (let n = 0; n < 5; n++) {
      this.play({ type: "deliver" });
      this.play({ type: "ack" });
    }
    // Refused, and nothing came since: the next change mends it.
    if (this.nodeVersion !== this.cache.version) {
      this.play({ type: "put", name: "z" });
      this.cache.publish();
      this.play({ type: "deliver" });
      this.play({ type: "ack" });
    }
  }

  play(event: Event): void {
    const version = this.cache.version + 1;
    switch (event.type) {
      case "put":
        this.cache.apply(
          version,
          [{ id: `team/${event.name}`, entry: entry(event.name, version) }],
          0,
        );
        break;
      case "remove":
        this.cache.apply(version, [{ id: `team/${event.name}`, entry: undefined }], 0);
        break;
      case "publish":
        this.cache.publish();
        break;
      case "deliver":
        this.#deliver();
        break;
      case "ack":
        this.#answer("ack");
        break;
      case "nack":
        this.#answer("nack");
        break;
      case "stale":
        this.#take({ type: "ack", nonce: "0", version: 1 });
        break;
      case "reconnect":
        this.#reconnect();
        break;
      case "corrupt":
        // What is on its disk is not what it says: seen when it comes back.
        this.#reconnect();
        this.node.set("a", 1);
        break;
    }
  }

  #reconnect(): void {
    this.state = openNodeStream(0);
    this.#refused = new Set();
    this.#inFlight = undefined;
    this.#greeted = false;
  }

  #deliver(): void {
    if (!this.#greeted) {
      this.#greeted = true;
      let stateHash = 0n;
      for (const [name, revision] of this.node) stateHash ^= hashOf(name, revision);
      this.#take({ type: "hello", appliedVersion: this.nodeVersion, stateHash });
    }
    const step = nextStep(this.state, this.cache, 0);
    if (step.action !== "send") return;
    expect(this.#inFlight).toBeUndefined();
    const delta = this.cache.deltaFrom(step.fromVersion);
    if (this.#refused.has(delta.version)) this.resent.push(delta.version);
    this.#nonces += 1;
    this.state = sent(this.state, { version: delta.version, nonce: `${this.#nonces}`, nowMs: 0 });
    this.#inFlight = () => {
      if (delta.fromVersion === 0) this.node = new Map();
      else expect(delta.fromVersion).toBe(this.nodeVersion);
      for (const { name, revision } of delta.upserts) this.node.set(name, revision);
      for (const { name } of delta.removed) this.node.delete(name);
      this.nodeVersion = delta.version;
      expect([...this.node].reduce((hash, [n, r]) => hash ^ hashOf(n, r), 0n)).toBe(
        delta.stateHash,
      );
    };
  }

  #answer(type: "ack" | "nack"): void {
    if (this.state.phase !== "in-flight" || !this.#inFlight) return;
    if (type === "ack") this.#inFlight();
    else this.#refused.add(this.state.version);
    this.#inFlight = undefined;
    this.#take({ type, nonce: this.state.nonce, version: this.nodeVersion });
  }

  #take(message: Parameters<typeof receive>[1]): void {
    const received = receive(this.state, message, this.cache);
    if (received.outcome === "violation") {
      expect(this.state.phase).toBe("greeting");
      return;
    }
    this.state = received.state;
  }
}

function entry(name: string, revision: number): SnapshotEntry {
  const field = { no: 4, wireType: 2, data: new Uint8Array() };
  return { kind: "team", name, revision, hash: hashOf(name, revision), field };
}

function hashOf(name: string, revision: number): bigint {
  return resourceHash({ kind: "team", name, revision: BigInt(revision) });
}
