import { runCli } from "./run-cli.ts";
import { systemIo } from "./system-io.ts";

// The exit is explicit: what a command leaves open (an idle connection, a watcher) must not hold the shell.
process.exit(await runCli(process.argv.slice(2), systemIo()));
