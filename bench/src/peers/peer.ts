import type { Command } from "../process/children.ts";
import type { Helper } from "../process/helper.ts";

export type PeerName =
  | "direct"
  | "bare"
  | "lean"
  | "nginx"
  | "portkey"
  | "headgate"
  | "headgate-up";

/** One way from a client to the fake provider. */
export interface Peer {
  readonly name: PeerName;

  /** Its version, or why it cannot take part on this machine. */
  probe(): Promise<Probe>;

  /** Do all that has to happen before its process starts. */
  prepare(context: PeerContext): Promise<PreparedPeer>;
}

export type Probe =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string };

export interface PeerContext {
  /** Where the fake provider listens, on 127.0.0.1. */
  readonly upstreamPort: number;
  /** An empty directory for files of this peer, removed afterwards. */
  readonly directory: string;
  /** Start a process that the peer needs beside the one that is measured. */
  readonly startHelper: (command: Command) => Helper;
}

export interface PreparedPeer {
  readonly origin: string;
  /** Headers that a client of this peer has to send. */
  readonly headers: Readonly<Record<string, string>>;
  /** The process to measure. Absent where there is none: `direct`. */
  readonly command?: Command;
  /** Stop what prepare() started. */
  dispose(): Promise<void>;
}
