import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type { Clock } from "@headgate/core";
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  ErrorCode,
  type NatsConnection,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import { awaitGreeting } from "./await-greeting.ts";
import type { NatsCredentials, NatsTls } from "./nats-bus-options.ts";
import { addressText, type ServerAddress } from "./server-address.ts";

export interface DialOptions {
  readonly name: string;
  readonly tls: NatsTls | undefined;
  readonly credentials: NatsCredentials | undefined;
  readonly connectMs: number;
  readonly pingMs: number;
  readonly clock: Clock;
  /** Ends the attempt, unless a server greeted already. */
  readonly signal: AbortSignal;
}

/**
 * One connection to one server, which does not reconnect by itself: whoever holds it knows what was
 * sent on it, and nothing is buffered for a server that is away.
 *
 * @throws Error that says why not. Its message has no secrets.
 */
export async function dial(address: ServerAddress, options: DialOptions): Promise<NatsConnection> {
  try {
    await awaitGreeting(address, { ...options, withinMs: options.connectMs });
    return await connect({
      servers: addressText(address),
      name: options.name,
      reconnect: false,
      timeout: options.connectMs,
      pingInterval: options.pingMs,
      maxPingOut: 2,
      ignoreClusterUpdates: true,
      noAsyncTraces: true,
      // Names are for the system's resolver, which knows the hosts file.
      resolve: false,
      ...authentication(options.credentials),
      ...tlsFor(address, options.tls),
    });
  } catch (error) {
    const reason = error instanceof Error ? reasonFrom(error) : String(error);
    throw new Error(`no connection to NATS at ${addressText(address)}: ${reason}`, {
      cause: error,
    });
  }
}

function authentication(credentials: NatsCredentials | undefined): {
  readonly authenticator?: Authenticator;
} {
  if (credentials === undefined) return {};
  return { authenticator: authenticatorFrom(credentials) };
}

function authenticatorFrom(credentials: NatsCredentials): Authenticator {
  if ("token" in credentials) return tokenAuthenticator(credentials.token);
  if ("creds" in credentials)
    return credsAuthenticator(new TextEncoder().encode(credentials.creds));
  return usernamePasswordAuthenticator(credentials.user, credentials.pass);
}

/** Given, or asked for by the address; else as the server wants it. */
function tlsFor(address: ServerAddress, tls: NatsTls | undefined): { readonly tls?: TlsOptions } {
  if (tls === undefined && !address.tls) return {};
  // nats.js hands all members on to node:tls; its type names only some.
  const options = { ...tls, ...identityOf(address) } as TlsOptions;
  return { tls: options };
}

/** For with an address instead of a name, node:tls would expect the name "localhost". */
function identityOf({ host }: ServerAddress): object {
  if (isIP(host) === 0) return { servername: host };
  return {
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(host, certificate),
  };
}

/** What servers of all versions answer to credentials that they do not take. */
const refusals: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
]);

function reasonFrom(error: Error): string {
  // Of several addresses tried, as for "localhost", each has its own reason.
  if (error instanceof AggregateError) return error.errors.map((one) => one.message).join(", ");
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (refusals.has(code)) {
    const what = "check token, username and password, or credentials_file";
    return `${error.message.replaceAll("'", "")}: ${what}`;
  }
  if (code === ErrorCode.ServerOptionNotAvailable) return `the server has no ${error.message}`;
  return error.message === "" ? code : error.message.trim();
}
