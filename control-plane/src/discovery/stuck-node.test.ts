import { once } from "node:events";
import { connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { ManualClock } from "@headgate/core";
import { admin, discovery } from "@headgate/proto";
import { expect, it } from "vitest";
import { testControlPlane } from "../testing/test-control-plane.ts";

it("cuts off a node that does not even read what it is sent", async () => {
  const clock = new ManualClock();
  const grpc = { host: "127.0.0.1", port: 0 };
  await using plane = await testControlPlane({ clock, listen: { grpc } });
  const api = createClient(admin.AdminService, plane.transport);
  // More than the windows and buffers of a connection take.
  const teams = Array.from({ length: 5000 }, (_, n) => ({ name: `${"t".repeat(100)}-${n}` }));
  for (let from = 0; from < 5000; from += 1000) {
    await api.apply({ resources: { teams: teams.slice(from, from + 1000) } });
  }

  const session = connect(plane.grpcAddress?.url ?? "");
  const stream = session.request({
    ":method": "POST",
    ":path": "/headgate.discovery.v1.DiscoveryService/StreamSnapshots",
    "content-type": "application/connect+proto",
    "connect-protocol-version": "1",
  });
  const hello = create(discovery.StreamSnapshotsRequestSchema, {
    message: { case: "hello", value: { node: "deaf" } },
  });
  stream.write(encodeEnvelope(0, toBinary(discovery.StreamSnapshotsRequestSchema, hello)));
  stream.on("error", () => undefined);
  const closed = once(stream, "close");
  await once(stream, "response");
  stream.pause();
  await expect.poll(() => plane.metricsText()).toContain('responses_total{type="full"} 1');
  expect((await api.listNodes({})).nodes).toMatchObject([{ state: admin.NodeState.CONNECTED }]);

  await clock.advance(37_000);
  await expect
    .poll(async () => (await api.listNodes({})).nodes)
    .toMatchObject([{ name: "deaf", state: admin.NodeState.DISCONNECTED }]);
  stream.resume();
  await closed;
  session.destroy();
});
