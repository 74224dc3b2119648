#!/usr/bin/env node
// Starts the CLI on a Node that can run it. This file must parse on Node 16, so
// that whoever has an old one gets Headgate, or a sentence, instead of a stack trace.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "./fresh-bundle.js";

// Types are stripped from the sources, and node:sqlite is there, from this major on.
const oldestNode = 24;

// Signals that mean "stop" or that we define; the terminal's own go to the whole group anyway.
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];

const here = dirname(fileURLToPath(import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= oldestNode) {
  // Compiled code of our own and of the libraries is kept between starts: a third of the cold start.
  const { directory } = module.enableCompileCache();
  // Worker threads do not inherit it, but look at the environment.
  if (directory !== undefined) process.env["NODE_COMPILE_CACHE"] ??= directory;
  await import(program().href);
} else {
  // A child that is too old as well must not look further.
  runOn(process.env["HEADGATE_STARTED_BY_OLD_NODE"] ? undefined : findNode(here));
}

// The npm package "node" of this project or of the one that has us installed.
function findNode(from) {
  const candidate = join(from, "node_modules", "node", "bin", "node");
  if (existsSync(candidate)) return candidate;
  const parent = dirname(from);
  return parent === from ? undefined : findNode(parent);
}

function runOn(node) {
  if (node === undefined) {
    process.stderr.write(
      `headgate: needs Node ${oldestNode} or newer, this is ${process.versions.node}. ` +
        "Install it (https://nodejs.org), or run `npm ci`, which brings it along.\n",
    );
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, HEADGATE_STARTED_BY_OLD_NODE: "1" },
  });
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`headgate: cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    // End as the child did, so that whoever waits for us sees the signal.
    for (const name of forwarded) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
