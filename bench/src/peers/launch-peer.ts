import type { ChildProcess } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import type { Target } from "../load/commands.ts";
import { requestBody } from "../load/request-body.ts";
import type { Children } from "../process/children.ts";
import { startHelper } from "../process/helper.ts";
import type { Peer, PeerName, PreparedPeer } from "./peer.ts";

/** How long a peer may take from its start to its first answer. */
const startMaxMs = 20_000;
const pauseMs = 5;

export interface RunningPeer {
  readonly name: PeerName;
  readonly target: Target;
  /** The process to measure. Absent for `direct`. */
  readonly pid?: number;
  /** From the start of the process to the end of the first answer that came through it. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export interface LaunchOptions {
  readonly children: Children;
  /** Where a directory for the peer is made. */
  readonly directory: string;
}

export interface Launcher {
  readonly name: PeerName;
  launch(): Promise<RunningPeer>;
  dispose(): Promise<void>;
}

/** Prepare a peer in a directory of its own; it can then be launched again and again. */
export async function prepareLauncher(
  { children, directory: runDirectory }: LaunchOptions,
  peer: Peer,
  upstreamPort: number,
): Promise<Launcher> {
  const directory = await mkdtemp(join(runDirectory, `${peer.name}-`));
  const prepared = await peer.prepare({
    upstreamPort,
    directory,
    startHelper: (command) => startHelper(children, command),
  });
  return {
    name: peer.name,
    launch: () => launch(children, peer.name, prepared),
    dispose: () => prepared.dispose(),
  };
}

async function launch(
  children: Children,
  name: PeerName,
  { origin, headers, command }: PreparedPeer,
): Promise<RunningPeer> {
  const target = { origin, headers };
  const startedMs = systemClock.now();
  const child = command && children.spawn(command);
  await firstAnswer(target, child).catch((error: unknown) => {
    const stderr = child === undefined ? "" : children.stderrOf(child);
    throw new Error(`${name} did not start: ${String(error)} ${stderr}`);
  });
  return {
    name,
    target,
    ...(child?.pid !== undefined && { pid: child.pid }),
    startMs: systemClock.now() - startedMs,
    stop: async () => {
      if (child !== undefined) await children.stop(child);
    },
  };
}

async function firstAnswer(target: Target, child: ChildProcess | undefined): Promise<void> {
  const deadlineMs = systemClock.now() + startMaxMs;
  let last = "";
  while (systemClock.now() < deadlineMs) {
    if (child !== undefined && (child.exitCode !== null || child.pid === undefined)) break;
    last = await ask(target);
    if (last === "200") return;
    await systemClock.sleep(pauseMs);
  }
  throw new Error(`no good answer from ${target.origin}, the last was: ${last}`);
}

async function ask({ origin, headers }: Target): Promise<string> {
  try {
    const answer = await fetch(`${origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: requestBody({ model: "bench-paced", bodyBytes: 300 }),
    });
    const text = await answer.text();
    return answer.status === 200 ? "200" : `${answer.status} ${text.slice(0, 300)}`;
  } catch (error) {
    return error instanceof Error && error.cause !== undefined
      ? String(error.cause)
      : String(error);
  }
}
