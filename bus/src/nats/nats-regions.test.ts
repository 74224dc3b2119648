import { type Link, startLink } from "@headgate/testing/links";
import { startNatsSuperCluster } from "@headgate/testing/servers";
import { expect, it } from "vitest";
import { bytes, reached, testBus, text } from "./test-bus.ts";

it("joins regions, and goes on in each while they are cut from each other", async () => {
  const links: { readonly between: string; readonly link: Link }[] = [];
  await using servers = await startNatsSuperCluster(["eu", "us", "ap"], {
    gatewayAddress: async ({ from, to, address }) => {
      const port = Number(address.split(":")[1]);
      const link = await startLink({ target: { host: "127.0.0.1", port } });
      links.push({ between: `${from} ${to}`, link });
      return link.address;
    },
  });
  const urlOf = (region: "eu" | "us" | "ap") => servers.get(region)?.clientUrl ?? "";
  await using eu = testBus(urlOf("eu"));
  await using us = testBus(urlOf("us"));
  const got: string[] = [];
  eu.bus.subscribe("report.*", ({ data }) => void got.push(text(data)));
  const stream = await eu.bus.stream({ name: "EU", subjects: ["usage.eu"] });
  const fromUs = await us.bus.stream({ name: "EU", subjects: ["usage.eu"] });
  const reportArrives = (value: string) =>
    reached(() => {
      us.bus.publish("report.us", bytes(value));
      expect(got).toContain(value);
    });
  await reportArrives("1");
  expect(await fromUs.append("usage.eu", bytes("1"))).toMatchObject({ sequence: 1 });

  for (const { between, link } of links) if (between.includes("eu")) link.cut({ mode: "reset" });
  // Its own stream needs nobody else; the others do not reach it.
  expect(await stream.append("usage.eu", bytes("2"))).toMatchObject({ sequence: 2 });
  const cutOff = us.bus.request("report.us", bytes("cut"), { timeoutMs: 300 });
  await expect(cutOff).rejects.toThrow(/nobody is subscribed|no answer/);
  expect(got).not.toContain("cut");

  for (const { link } of links) link.heal();
  await reportArrives("2");
  await reached(async () => expect((await fromUs.bounds()).last).toBe(2));
  for (const { link } of links) await link.close();
}, 120_000);
