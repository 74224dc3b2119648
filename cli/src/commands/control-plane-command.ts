import { Command } from "commander";
import type { Io } from "../io.ts";

export interface PlaneFlags {
  readonly config?: string;
}

const examples = `
Examples:
  headgate control-plane --config control-plane.yaml
  headgate validate -f control-plane.yaml   check the file only

control-plane.yaml:
  region: eu-west
  listen: {admin: 127.0.0.1:8081, grpc: 127.0.0.1:18000}
  node_auth: {join_token: \${JOIN_TOKEN}}    data planes must show it; without it only this machine may join`;

export function controlPlaneCommand(io: Io): Command {
  return new Command("control-plane")
    .description("run a control plane: admin API, store, discovery")
    .option("-c, --config <file>", "its settings (YAML)")
    .addHelpText("after", examples)
    .action(async (flags: PlaneFlags) => {
      const { controlPlane } = await import("../planes/control-plane.ts");
      await controlPlane(io, flags);
    });
}
