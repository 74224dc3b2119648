import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Watchers } from "../watchers.ts";
import { LabLinks } from "./lab-links.ts";
import { endpointOf, outside } from "./place.ts";

const silenceMs = 60;

describe("LabLinks", () => {
  const eu = endpointOf("etcd", "eu-west");
  const us = endpointOf("etcd", "us-east");
  const ap = endpointOf("etcd", "ap-south");
  let stack: AsyncDisposableStack;
  let links: LabLinks;

  beforeEach(() => {
    stack = new AsyncDisposableStack();
    links = stack.use(new LabLinks());
  });
  afterEach(() => stack.disposeAsync());

  it.each<{ name: string; act: () => void; cut: readonly string[] }>([
    {
      name: "two regions, whoever connects",
      act: () => links.cut("eu-west", "us-east"),
      cut: ["etcd/eu-west>etcd/us-east", "etcd/us-east>etcd/eu-west"],
    },
    {
      name: "a region from all others, not from the user",
      act: () => {
        for (const { link } of links.across("ap-south")) link.cut();
      },
      cut: [
        "etcd/eu-west>etcd/ap-south",
        "etcd/us-east>etcd/ap-south",
        "etcd/ap-south>etcd/eu-west",
        "etcd/ap-south>etcd/us-east",
      ],
    },
    {
      name: "a region from the user",
      act: () => links.cut("ap-south", "outside"),
      cut: ["outside>etcd/ap-south"],
    },
    {
      name: "all of a kind, but for what was healed",
      act: () => {
        links.cut("etcd", "etcd", { mode: "reset" });
        links.heal(links.between("eu-west", "us-east"));
        links.heal(links.between("eu-west", "ap-south"));
      },
      cut: ["etcd/us-east>etcd/ap-south", "etcd/ap-south>etcd/us-east"],
    },
    {
      name: "nothing after a heal of everything",
      act: () => {
        links.cut("etcd", "etcd");
        links.slow("eu-west", "us-east", { latencyMs: 5 });
        links.heal();
      },
      cut: [],
    },
  ])("cuts $name", async ({ act, cut }) => {
    const members = [eu, us, ap];
    for (const from of members) {
      for (const to of members) if (to !== from) await links.make({ from, to, use: "peer" });
    }
    await links.make({ from: outside, to: ap, use: "client" });
    act();
    const states = links.all.map(({ from, to, link }) => [`${from.name}>${to.name}`, link.state]);
    const others = links.all.length - cut.length;
    expect(states.filter(([, state]) => state === "cut").map(([name]) => name)).toEqual(cut);
    expect(states.filter(([, state]) => state === "up")).toHaveLength(others);
  });

  it("loses only what one place sends to another, whoever connected", async () => {
    const [euServer, usServer] = [await startPeer(), await startPeer()];
    const there = await links.make({ from: eu, to: us, use: "peer" }, usServer.target);
    const back = await links.make({ from: us, to: eu, use: "peer" }, euServer.target);
    const euClient = listen(connect(there.port, "127.0.0.1"));
    const usClient = listen(connect(back.port, "127.0.0.1"));
    await Promise.all([usServer.connected(), euServer.connected()]);
    links.cut("eu-west", "us-east", { oneWay: true });
    for (const side of [euClient, usServer, usClient, euServer]) side.say("hello");
    await Promise.all([euClient.hears("hello"), euServer.hears("hello")]);
    await new Promise((resolve) => setTimeout(resolve, silenceMs));
    expect({ usServer: usServer.text(), usClient: usClient.text() }).toEqual({
      usServer: "",
      usClient: "",
    });
    links.heal();
    await Promise.all([usClient.hears("hello"), usServer.hears("hello")]);
  });

  it("refuses places that nothing connects, and a reset one way", async () => {
    await links.make({ from: eu, to: us, use: "peer" });
    expect(() => links.cut("eu-west", "ap-south")).toThrow("no link between eu-west and ap-south");
    expect(() => links.slow("eu", "us-east", undefined)).toThrow(RangeError);
    expect(() => links.cut("eu-west", "us-east", { mode: "reset", oneWay: true })).toThrow(
      RangeError,
    );
    expect(() => links.find(us, eu, "peer")).toThrow("no link for peer");
  });

  /** A server with one connection, which speaks and listens like its client. */
  async function startPeer() {
    const server = createServer();
    stack.defer(() => void server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening on TCP");
    const connection = once(server, "connection").then(([socket]: Socket[]) => {
      if (!socket) throw new Error("no socket");
      return listen(socket);
    });
    let side: ReturnType<typeof listen> | undefined;
    return {
      target: { host: "127.0.0.1", port: address.port },
      connected: async () => {
        side = await connection;
      },
      say: (text: string) => side?.say(text),
      text: () => side?.text(),
      hears: async (text: string) => await (await connection).hears(text),
    };
  }

  function listen(socket: Socket) {
    const watchers = new Watchers();
    let heard = "";
    stack.defer(() => void socket.destroy());
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (piece: string) => {
      heard += piece;
      watchers.changed();
    });
    return {
      say: (text: string) => void socket.write(text),
      text: () => heard,
      hears: (text: string) => watchers.until(() => heard === text, text),
    };
  }
});
