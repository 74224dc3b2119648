import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { admin } from "@headgate/proto";
import { type ListAll, listAllWith } from "./list-all.ts";

/** Calls that have no answer after this long fail with DEADLINE_EXCEEDED. */
const defaultTimeoutMs = 10_000;

/** An answer larger than this is refused rather than buffered. A page of 1000 keys is well under 1 MiB. */
const answerMaxBytes = 64 * 1024 * 1024;

export interface AdminClientOptions {
  /** Where the admin API listens, for example `http://127.0.0.1:8081`. */
  readonly server: string;

  /** The admin token of the control plane. */
  readonly token: string;

  /** Deadline of each call, unless the call names its own. Default: 10 seconds. */
  readonly timeoutMs?: number;

  /** Passed to Node's http(s).request(): `ca` for a private certificate authority, `agent`, ... */
  readonly fetchOptions?: NonNullable<Http1Options["nodeOptions"]>;
}

/**
 * Every call of AdminService as a typed method, and `listAll`, which follows the
 * pages. A failed call rejects with connect's ConnectError: its `code` says which
 * of the errors listed in `headgate/admin/v1/admin.proto` it is.
 */
export type AdminClient = Client<typeof admin.AdminService> & { readonly listAll: ListAll };

/**
 * A client of the admin API over HTTP/1.1.
 *
 * @throws TypeError if `server` is not an http(s) URL.
 */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  return adminClientOver(transportTo(options));
}

/** The same client over a transport of your own, which also brings the token. */
export function adminClientOver(transport: Transport): AdminClient {
  const client = createClient(admin.AdminService, transport);
  return { ...client, listAll: listAllWith(client) };
}

type Http1Options = Extract<
  Parameters<typeof createConnectTransport>[0],
  { readonly httpVersion: "1.1" }
>;

function transportTo(options: AdminClientOptions): Transport {
  const authorization = `Bearer ${options.token}`;
  return createConnectTransport({
    baseUrl: checkedServer(options.server),
    httpVersion: "1.1",
    defaultTimeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    readMaxBytes: answerMaxBytes,
    ...(options.fetchOptions && { nodeOptions: options.fetchOptions }),
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", authorization);
        return next(request);
      },
    ],
  });
}

/** Without the trailing slash, which connect would double. */
function checkedServer(server: string): string {
  const url = URL.parse(server);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new TypeError(
      `server must be an http:// or https:// URL such as http://127.0.0.1:8081, not ${JSON.stringify(server)}`,
    );
  }
  return server.replace(/\/+$/, "");
}
