import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { NodeRegistry } from "./node-registry.ts";

const hourMs = 3_600_000;

describe("NodeRegistry", () => {
  it("lists a node that is gone for a day, and one that is connected for ever", async () => {
    const { clock, registry } = setUp();
    registry.connected(node("gone"), 0);
    const gone = node("gone");
    registry.connected(gone, 0);
    registry.connected(node("here"), 0);
    registry.disconnected(gone);
    await clock.advance(23 * hourMs);
    expect(registry.list(1).map(({ name }) => name)).toEqual(["gone", "here"]);
    await clock.advance(2 * hourMs);
    expect(registry.list(1).map(({ name }) => name)).toEqual(["here"]);
  });

  it("does not let a stream that was superseded speak for its successor", () => {
    const { registry } = setUp();
    const [old, successor] = [node("n"), node("n")];
    registry.connected(old, 3);
    registry.connected(successor, 5);
    registry.acked(old, 4);
    registry.disconnected(old);
    expect(registry.list(9)).toMatchObject([
      { state: admin.NodeState.CONNECTED, appliedVersion: 5n, currentVersion: 9n },
    ]);
  });

  it("remembers a refusal until a newer version is applied, also across a reconnect", () => {
    const { registry } = setUp();
    const rejected = [{ kind: "model", name: "m", message: "bad" }];
    const first = node("n");
    registry.connected(first, 3);
    registry.nacked(first, { version: 5, rejected });
    const second = node("n");
    registry.connected(second, 3);
    expect(registry.list(5)[0]?.lastNack).toMatchObject({ version: 5n, rejected });
    registry.acked(second, 5);
    expect(registry.list(5)[0]?.lastNack).toBeDefined();
    registry.acked(second, 6);
    expect(registry.list(6)[0]?.lastNack).toBeUndefined();
    registry.nacked(second, { version: 7, rejected });
    registry.connected({ ...node("n"), bootId: "another" }, 6);
    expect(registry.list(7)[0]?.lastNack).toBeUndefined();
  });

  it("forgets those that are gone first when there are too many", () => {
    const { registry } = setUp();
    for (let n = 0; n < 20_100; n++) {
      const one = node(`n${n}`);
      registry.connected(one, 0);
      registry.disconnected(one);
    }
    expect(registry.list(1).length).toBeLessThanOrEqual(20_000);
  });
});

function setUp() {
  const clock = new ManualClock();
  return { clock, registry: new NodeRegistry(clock) };
}

function node(name: string) {
  return { name, region: "test", build: "1", bootId: "b" };
}
