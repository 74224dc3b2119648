import { Command } from "commander";
import type { Io } from "../io.ts";
import type { PlaneFlags } from "./control-plane-command.ts";

const examples = `
Examples:
  headgate data-plane --config data-plane.yaml
  headgate validate -f data-plane.yaml      check the file only

data-plane.yaml:
  region: eu-west
  listen: {proxy: 0.0.0.0:8080, telemetry: 127.0.0.1:9090}
  control_plane: {endpoints: [http://127.0.0.1:18000], join_token: \${JOIN_TOKEN}}
  bus: {nats: {servers: [nats://127.0.0.1:4222]}}           # optional: for load in "headgate nodes"

SIGTERM or Ctrl-C lets calls in flight finish (drain_timeout, 60 seconds); a second one ends them.`;

export function dataPlaneCommand(io: Io): Command {
  return new Command("data-plane")
    .description("run a data plane node: the proxy that applications call")
    .option("-c, --config <file>", "its settings (YAML)")
    .addHelpText("after", examples)
    .action(async (flags: PlaneFlags) => {
      const { dataPlane } = await import("../planes/data-plane.ts");
      await dataPlane(io, flags);
    });
}
