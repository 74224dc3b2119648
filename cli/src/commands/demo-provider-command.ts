import { Command } from "commander";
import { parsePort } from "../flag-values.ts";
import type { Io } from "../io.ts";

export interface DemoProviderFlags {
  readonly port: number;
  readonly host: string;
}

const examples = `
Examples:
  headgate demo-provider
  curl http://127.0.0.1:9100/v1/chat/completions \\
    -d '{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'`;

export function demoProviderCommand(io: Io): Command {
  return new Command("demo-provider")
    .description("run a provider that makes its answers up: no account, no network, no costs")
    .option("--port <port>", "port to listen on", parsePort, 9100)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addHelpText("after", examples)
    .action(async (flags: DemoProviderFlags) => {
      const { demoProvider } = await import("../demo-provider/run-demo-provider.ts");
      await demoProvider(io, flags);
    });
}
