import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { admin } from "@headgate/proto";
import { bearerToken, type TokenSource } from "./bearer-token.ts";
import { callPolicy } from "./call-policy.ts";
import { realTiming, type Timing } from "./timing.ts";
import { withTypedErrors } from "./typed-errors.ts";

/** Calls that have no answer after this long fail with DeadlineExceededError. */
const defaultTimeoutMs = 10_000;
const defaultAttemptsMax = 4;

export interface AdminClientOptions {
  /** Where the admin API listens, for example `http://127.0.0.1:8081`. */
  readonly server: string;

  readonly token: TokenSource;

  /**
   * Deadline of each call with all its attempts, unless the call names its own; 0: none. The watches of
   * this package have none. Default: 10 seconds.
   */
  readonly timeoutMs?: number;

  /** Attempts of a call that is safe to repeat (see callPolicy()). 1: never try again. Default: 4. */
  readonly attemptsMax?: number;

  /** In place of the runtime's own: for proxies, private authorities, tests. */
  readonly fetch?: typeof globalThis.fetch;

  /** For tests. */
  readonly timing?: Timing;
}

/**
 * Every call of AdminService as a typed method. A failed call rejects with one of the classes of
 * admin-error.ts. What takes several calls is a function of its own: listAll(), watchResources(), ...
 * The streams of the client itself end at the call's deadline, or when its `signal` aborts, and not
 * when a loop over them is left.
 */
export type AdminClient = Client<typeof admin.AdminService>;

/**
 * A client of the admin API over fetch(), for Node and browsers.
 *
 * @throws TypeError if `server` is not an http(s) URL.
 */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { token, attemptsMax = defaultAttemptsMax, timing = realTiming } = options;
  return adminClientOver(
    createConnectTransport({
      baseUrl: checkedServer(options.server),
      defaultTimeoutMs: options.timeoutMs ?? defaultTimeoutMs,
      ...(options.fetch && { fetch: options.fetch }),
      interceptors: [callPolicy({ attemptsMax, timing }), bearerToken(token)],
    }),
  );
}

/** The same client over a transport of your own, which also brings the token. */
export function adminClientOver(transport: Transport): AdminClient {
  return createClient(admin.AdminService, withTypedErrors(transport));
}

/** Without the trailing slash, which connect would double. */
function checkedServer(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new TypeError(
      `server must be an http:// or https:// URL such as http://127.0.0.1:8081, not ${JSON.stringify(server.replace(/\/\/[^@]*@/, "//"))}`,
    );
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError(
      "server must have neither user, password, query nor fragment: the token is an option of its own",
    );
  }
  return url.href.replace(/\/+$/, "");
}
