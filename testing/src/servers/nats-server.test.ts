import { expect, it } from "vitest";
import { startNats } from "./nats-server.ts";
import { startNatsSuperCluster } from "./nats-super-cluster.ts";

const slow = { timeout: 60_000 };

it("runs a NATS server that can be killed, started again, paused and stopped", slow, async () => {
  await using server = await startNats();
  const { pid } = server;
  await server.kill();
  expect(server.running).toBe(false);
  await server.restart();
  expect(server.pid).not.toBe(pid);
  server.pause();
  await server.stop();
  expect(server.running).toBe(false);
  expect(() => server.pid).toThrow("not running");
});

it("joins regions by gateways, and gets one that was lost back", slow, async () => {
  await using servers = await startNatsSuperCluster(["eu", "us", "ap"]);
  await servers.get("eu")?.kill();
  await servers.get("eu")?.restart();
  await servers.get("eu")?.jetStreamReady();
  const response = await fetch(`${servers.get("eu")?.monitorUrl}/gatewayz`);
  expect(await response.json()).toMatchObject({
    outbound_gateways: { us: { configured: true }, ap: { configured: true } },
  });
});
