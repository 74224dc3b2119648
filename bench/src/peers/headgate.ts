import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../process/free-port.ts";
import type { Helper } from "../process/helper.ts";
import { waitUntil } from "../process/wait-until.ts";
import { adminToken, headgateCommand, keySecret, probeHeadgate } from "./headgate-command.ts";
import { resources } from "./headgate-resources.ts";
import type { Peer, PeerContext } from "./peer.ts";

/**
 * A data plane with one worker, everything on: key authentication, metrics, a log line per call
 * and the snapshot on disk. Its control plane is a second process, beside the request path and
 * not measured.
 */
export const headgate: Peer = {
  name: "headgate",
  probe: probeHeadgate,
  prepare: async (context) => {
    const [proxy, telemetry, admin, grpc] = await freePorts();
    const controlPlane = await startControlPlane(context, { admin, grpc });
    await applyResources(context, admin);
    const file = join(context.directory, "data-plane.yaml");
    await writeFile(
      file,
      JSON.stringify({
        region: "bench",
        node: "bench-1",
        listen: { proxy: `127.0.0.1:${proxy}`, telemetry: `127.0.0.1:${telemetry}` },
        control_plane: { endpoints: [`http://127.0.0.1:${grpc}`] },
        state_dir: join(context.directory, "data-plane"),
        workers: 1,
      }),
    );
    return {
      origin: `http://127.0.0.1:${proxy}`,
      headers: { authorization: `Bearer ${keySecret}` },
      command: headgateCommand(["data-plane", "--config", file]),
      dispose: () => controlPlane.stop(),
    };
  },
};

interface Ports {
  readonly admin: number;
  readonly grpc: number;
}

async function startControlPlane(context: PeerContext, { admin, grpc }: Ports): Promise<Helper> {
  const file = join(context.directory, "control-plane.yaml");
  const dataDirectory = join(context.directory, "control-plane");
  await mkdir(dataDirectory, { recursive: true });
  await writeFile(
    file,
    JSON.stringify({
      region: "bench",
      listen: { admin: `127.0.0.1:${admin}`, grpc: `127.0.0.1:${grpc}` },
      store: { embedded: { path: join(dataDirectory, "headgate.db") } },
      data_dir: dataDirectory,
    }),
  );
  const helper = context.startHelper(headgateCommand(["control-plane", "--config", file]));
  await waitUntil(`http://127.0.0.1:${admin}/health/ready`, helper);
  return helper;
}

async function applyResources(context: PeerContext, admin: number): Promise<void> {
  const file = join(context.directory, "resources.yaml");
  await writeFile(file, resources(context.upstreamPort));
  const server = `http://127.0.0.1:${admin}`;
  const helper = context.startHelper(
    headgateCommand(["apply", "-f", file, "--server", server, "--token", adminToken]),
  );
  const code = await helper.ended;
  if (code !== 0) throw new Error(`headgate apply exited with ${code}: ${helper.stderr()}`);
}

async function freePorts(): Promise<readonly [number, number, number, number]> {
  return Promise.all([freePort(), freePort(), freePort(), freePort()]);
}
