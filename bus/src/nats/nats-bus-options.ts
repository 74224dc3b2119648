import type { Clock, Random } from "@headgate/core";
import type { NatsWaits } from "./nats-waits.ts";

export interface NatsBusOptions {
  /**
   * Such as "nats://127.0.0.1:4222"; "tls://" insists on TLS. Only these are dialled, not what servers
   * tell of each other, so name those of one cluster that clients may use.
   */
  readonly servers: readonly string[];
  /** Shown in the server's monitoring. */
  readonly name: string;
  readonly clock: Clock;
  /** Default: chance as the process has it. */
  readonly random?: Random;
  /**
   * Told of every handler that threw, with the subject; and of trouble with NATS itself, with the
   * stream or an empty subject: once when the connection is lost or cannot be made, not at each attempt.
   */
  readonly onError?: (error: unknown, subject: string) => void;
  /** Told of every connection that is made, with the server's address. */
  readonly onConnect?: (server: string) => void;
  /** PEM texts. Without `ca`, the system's authorities are trusted. */
  readonly tls?: NatsTls;
  readonly credentials?: NatsCredentials;
  /** Token before all subjects and stream names. One for all that talk to each other. Default "headgate". */
  readonly prefix?: string;
  /** Copies of each stream: 1, or 3 in a cluster of at least three servers. Default 1. */
  readonly replicas?: number;
  /** Each has a default. */
  readonly waits?: Partial<NatsWaits>;
}

export interface NatsTls {
  readonly ca?: string;
  /** The client's certificate, and its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** `creds` is the text of a credentials file, as `nsc` makes it: a JWT with its nkey seed. */
export type NatsCredentials =
  | { readonly token: string }
  | { readonly user: string; readonly pass: string }
  | { readonly creds: string };
