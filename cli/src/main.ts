import { runCli } from "./run-cli.ts";
import { systemIo } from "./system-io.ts";

// Waiting keeps no process alive (see systemClock), but a command that waits, for a store that is away,
// has not ended.
const longMs = 2 ** 31 - 1;
setInterval(() => {}, longMs);

// What libraries of ours will have to change is nothing to whoever reads our log.
process.noDeprecation = (process.env["HEADGATE_DEBUG"] ?? "") === "";

// The exit is explicit: what a command leaves open (an idle connection, a watcher) must not hold the shell.
process.exit(await runCli(process.argv.slice(2), systemIo()));
