import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, LabLoad, startLab } from "./index.ts";
import { callNode } from "./load/call-node.ts";

/** One lab for all: each test leaves it whole. Starting one takes seconds. */
describe("a lab", { timeout: 60_000 }, () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab();
  }, 60_000);
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("has every part in every region, running, at addresses of this machine", () => {
    const kinds = ["etcd", "nats", "control-plane", "node", "provider"];
    expect(lab.parts.map(({ name, state }) => ({ name, state }))).toEqual(
      kinds.flatMap((kind) =>
        lab.regions.map((region) => ({ name: `${kind}/${region}`, state: "running" })),
      ),
    );
    const addresses = lab.parts.flatMap((part) => Object.values(part.addresses));
    expect(addresses.filter((address) => !/^127\.0\.0\.1:\d+$/.test(address))).toEqual([]);
  });

  it("serves a call in each region, from the provider of that region", async () => {
    for (const region of lab.regions) {
      const number = await call(region);
      const seenBy = lab.providers.filter(({ provider }) => provider.seen.has(number));
      expect(seenBy.map(({ name }) => name)).toEqual([`provider/${region}`]);
    }
  });

  it("has a link of its own for each pair, over which everything goes", async () => {
    for (const use of ["peer", "gateway"]) {
      const links = lab.links.all.filter((one) => one.use === use);
      expect(links).toHaveLength(6);
      for (const { from, to, link } of links) {
        const { bytesThere, bytesBack } = link.counters;
        expect({ from: from.name, to: to.name, idle: bytesThere * bytesBack === 0 }).toEqual({
          ...{ from: from.name, to: to.name, idle: false },
        });
      }
    }
    for (const region of lab.regions) {
      const own = lab.links
        .between(`node/${region}`, `control-plane/${region}`)
        .concat(lab.links.between(`node/${region}`, `provider/${region}`))
        .concat(lab.links.between(`control-plane/${region}`, `etcd/${region}`));
      expect(own.filter(({ link }) => link.counters.bytesBack === 0)).toEqual([]);
      const bus = lab.links.between(`control-plane/${region}`, "nats");
      const used = () => bus.some(({ link }) => link.counters.bytesThere > 0);
      await expect.poll(used, { timeout: 10_000 }).toBe(true);
    }
  });

  it("isolates a region, which goes on serving, and takes it back", async () => {
    await using load = new LabLoad(lab, { perSecond: 10 });
    lab.isolate("ap-south");
    await untilQuorum({ "eu-west": true, "us-east": true, "ap-south": false });
    const isolated = () => load.report().nodes["node/ap-south"]?.ok ?? 0;
    await expect.poll(isolated, { timeout: 10_000 }).toBeGreaterThan(10);
    lab.heal();
    await untilQuorum({ "eu-west": true, "us-east": true, "ap-south": true });
    const report = await load.stop();
    const nodes = Object.values(report.nodes);
    expect(nodes.map(({ failures }) => failures)).toEqual([{}, {}, {}]);
    expect(report.truth).toMatchObject({ seen: report.ok, answeredUnseen: [] });
  });

  it("kills etcd's leader, gets another, and takes the first back", async () => {
    const first = await lab.etcdLeader();
    await first.kill();
    const second = await lab.etcdLeader();
    expect(second.name).not.toBe(first.name);
    await lab.start("etcd");
    expect(lab.select("etcd").map(({ state }) => state)).toEqual(["running", "running", "running"]);
  });

  it("kills a control plane and brings it back where it was", async () => {
    const part = lab.controlPlane("control-plane/us-east");
    const { pid } = part;
    await lab.kill("control-plane/us-east");
    expect(part.state).toBe("stopped");
    await expect(fetch(`${part.url("admin")}/health/live`)).rejects.toThrow();
    await lab.start("control-plane/us-east");
    expect(part.pid).not.toBe(pid);
    const known = await lab.admin("us-east").listKeys({});
    expect(known.keys.map(({ name }) => name)).toEqual(["lab"]);
    await expect(lab.start("control-plane/us-east")).rejects.toThrow("nothing is stopped");
  });

  it("freezes a node, whose calls wait, and lets it go on", async () => {
    lab.pause("node/eu-west");
    expect(lab.part("node/eu-west").state).toBe("paused");
    let answered = false;
    const waiting = call("eu-west").then(() => {
      answered = true;
    });
    await sleep(100);
    expect(answered).toBe(false);
    lab.resume("node/eu-west");
    await waiting;
  });

  it("serves from another region's provider when a region's own is gone", async () => {
    await lab.kill("provider/eu-west");
    const number = await call("eu-west");
    expect(lab.provider("provider/eu-west").provider.seen.has(number)).toBe(false);
    await lab.start("provider/eu-west");
    expect(lab.part("provider/eu-west").state).toBe("running");
  });

  it("holds a call to a provider that is cut off, and delivers it after the heal", async () => {
    lab.cut("node/us-east", "provider");
    const before = requests();
    const held = call("us-east");
    await sleep(100);
    expect(requests()).toBe(before);
    lab.heal("node/us-east", "provider");
    await held;
  });

  it("refuses places that there are none of", async () => {
    await expect(lab.kill("node/mars")).rejects.toThrow("there is nothing in node/mars");
    expect(() => lab.part("node/mars")).toThrow("no part node/mars: there are etcd/eu-west,");
    expect(() => lab.isolate("mars")).toThrow("no links out of mars");
    expect(() => lab.cut("eu-west", "mars")).toThrow("no link between eu-west and mars");
  });

  /** @throws unless it is answered. Gives the number by which providers know the call. */
  async function call(region: string): Promise<number> {
    const number = lab.nextCallNumber();
    const url = lab.node(`node/${region}`).url("proxy");
    expect(await callNode({ url, number, stream: true, timeoutMs: 20_000 })).toBeUndefined();
    return number;
  }

  function requests(): number {
    return lab.providers.reduce((sum, { provider }) => sum + provider.requestCount, 0);
  }

  /** Of etcd, asked again and again: an election takes seconds. */
  async function untilQuorum(wanted: Readonly<Record<string, boolean>>): Promise<void> {
    const now = async () =>
      Object.fromEntries(
        await Promise.all(
          lab.regions.map(async (region) => [
            region,
            await lab.etcd.get(`etcd/${region}`)?.isHealthy(),
          ]),
        ),
      );
    await expect.poll(now, { timeout: 20_000, interval: 50 }).toEqual(wanted);
  }
});
