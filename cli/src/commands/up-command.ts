import { Command } from "commander";
import { parseLogLevel, parsePort, parseWorkers } from "../flag-values.ts";
import type { Io } from "../io.ts";

export interface UpFlags {
  readonly config?: string;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly telemetryPort?: number;
  readonly workers: number;
  readonly logLevel: string;
}

const examples = `
Examples:
  headgate up --config headgate.yaml
  headgate up --config headgate.yaml --port 80 --host 0.0.0.0 --workers 4
  headgate up                               resources come from 'headgate apply' and the admin API

The file is watched: save it and it is in force. SIGTERM or Ctrl-C lets calls in flight finish
(60 seconds at most); a second one ends them. HEADGATE_MASTER_KEY (32 bytes in base64) replaces
the key file in the data directory under which secrets are sealed.`;

export function upCommand(io: Io): Command {
  return new Command("up")
    .description("run everything in one process: proxy, admin API and an embedded store")
    .option("-c, --config <file>", "resources: providers, models, keys, ... (YAML)")
    .option("--data-dir <dir>", "store, keys, last good snapshot", ".headgate")
    .option("--host <address>", "address the proxy listens on", "127.0.0.1")
    .option("--port <port>", "port of the proxy", parsePort, 8080)
    .option("--admin-port <port>", "port of the admin API, on 127.0.0.1", parsePort, 8081)
    .option(
      "--telemetry-port <port>",
      "port of /metrics and /health, on 127.0.0.1 (default: 9090, or any free one)",
      parsePort,
    )
    .option("--workers <n>", "threads that serve HTTP", parseWorkers, 1)
    .option(
      "--log-level <level>",
      "trace, debug, info, warn, error, fatal or silent",
      parseLogLevel,
      "info",
    )
    .addHelpText("after", examples)
    .action(async (flags: UpFlags) => {
      const { up } = await import("../up/up.ts");
      await up(io, flags);
    });
}
