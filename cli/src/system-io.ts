import { text } from "node:stream/consumers";
import type { WriteStream } from "node:tty";
import type { Io, Output } from "./io.ts";

/** Signals closer together than this are one: npm and a terminal both pass Ctrl-C on. */
const oneSignalMs = 500;

/** 128 + SIGINT, as shells report it. */
const interruptedStatus = 130;

/** The process we are. */
export function systemIo(): Io {
  return {
    env: process.env,
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    readStdin: () => text(process.stdin),
    stopSignal: () => stopSignal(),
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  // `headgate get keys | head` closes our output early; that is no failure.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    hasColors: hasColors(stream),
    isTerminal: stream.isTTY === true,
    write: (chunk) => void stream.write(chunk),
  };
}

/** https://no-color.org and its opposite. */
function hasColors(stream: WriteStream): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = process.env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  return stream.isTTY === true && term !== "dumb";
}

function stopSignal(): AbortSignal {
  const stopper = new AbortController();
  let firstMs = 0;
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (!stopper.signal.aborted) {
      firstMs = nowMs;
      stopper.abort();
    } else if (nowMs - firstMs > oneSignalMs) {
      process.exit(interruptedStatus);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return stopper.signal;
}
