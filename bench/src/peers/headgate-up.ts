import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../process/free-port.ts";
import { headgateCommand, keySecret, probeHeadgate } from "./headgate-command.ts";
import { resources } from "./headgate-resources.ts";
import type { Peer } from "./peer.ts";

/** Both planes in one process with one worker, as on a developer's machine. */
export const headgateUp: Peer = {
  name: "headgate-up",
  probe: probeHeadgate,
  prepare: async ({ upstreamPort, directory }) => {
    const [proxy, admin, telemetry] = await Promise.all([freePort(), freePort(), freePort()]);
    const file = join(directory, "resources.yaml");
    await writeFile(file, resources(upstreamPort));
    const ports = [
      "--port",
      `${proxy}`,
      "--admin-port",
      `${admin}`,
      "--telemetry-port",
      `${telemetry}`,
    ];
    const dataDirectory = ["--data-dir", join(directory, "up")];
    return {
      origin: `http://127.0.0.1:${proxy}`,
      headers: { authorization: `Bearer ${keySecret}` },
      command: headgateCommand([
        "up",
        "--config",
        file,
        ...ports,
        ...dataDirectory,
        "--workers",
        "1",
      ]),
      dispose: async () => {},
    };
  },
};
