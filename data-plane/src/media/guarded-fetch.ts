import { lookup as dnsLookup } from "node:dns/promises";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { type Clock, Fault } from "@headgate/core";
import { mediaTypeOf } from "./media-type.ts";
import { isPublicAddress } from "./public-address.ts";

export interface FetchedMedia {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

export interface GuardedFetchOptions {
  /** Hosts that may be on a private address, speak plain http, and use any port. */
  readonly allowHosts: ReadonlySet<string>;
  readonly bytesMax: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** All addresses of a host name. */
  readonly resolve?: Resolve;
}

export type Resolve = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const redirectsMax = 3;
const urlMaxLength = 8_192;

/**
 * Fetch an image or file that a client named by URL. The URL is a stranger's, and this node stands
 * inside a network: only public addresses over https are asked, unless the operator allowed the
 * host, and every redirect is checked like the first URL. The addresses that were checked are the
 * ones connected to, so a name that resolves otherwise a moment later changes nothing. Nothing of
 * ours is sent along.
 *
 * @throws {Fault} media_not_fetched, or client_closed once `signal` aborts.
 */
export async function guardedFetch(
  url: string,
  options: GuardedFetchOptions,
): Promise<FetchedMedia> {
  const { clock, signal, timeoutMs } = options;
  const over = new AbortController();
  const late = new Refusal(`it took longer than ${timeoutMs} ms`);
  const settled = new AbortController();
  void clock.sleep(timeoutMs, settled.signal).then(() => over.abort(late));
  try {
    return await follow(url, { ...options, signal: AbortSignal.any([signal, over.signal]) });
  } catch (reason) {
    if (signal.aborted) throw new Fault("client_closed", "The client went away.");
    throw notFetched(url, over.signal.aborted ? late : reason);
  } finally {
    settled.abort();
  }
}

/** Why something is not fetched, in words that a client may read: no address of ours in them. */
class Refusal extends Error {}

async function follow(first: string, options: GuardedFetchOptions): Promise<FetchedMedia> {
  let url = checkedUrl(first, options);
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const response = await get(url, options);
    const location = redirectOf(response);
    if (location === undefined) return await read(response, options);
    response.destroy();
    url = checkedUrl(location, options, url);
  }
  throw new Refusal(`it redirects more than ${redirectsMax} times`);
}

function checkedUrl(text: string, options: GuardedFetchOptions, base?: URL): URL {
  const which = base ? "it redirects to a URL that " : "its URL ";
  if (text.length > urlMaxLength) throw new Refusal(`${which}is longer than ${urlMaxLength}`);
  if (!URL.canParse(text, base?.href)) throw new Refusal(`${which}is not a URL`);
  const url = new URL(text, base);
  const problem = urlProblem(url, isAllowed(url, options.allowHosts));
  if (problem !== undefined) throw new Refusal(which + problem);
  return url;
}

function urlProblem(url: URL, allowed: boolean): string | undefined {
  if (url.protocol !== "https:" && !(allowed && url.protocol === "http:")) {
    return "is not an https one";
  }
  if (url.username !== "" || url.password !== "") return "holds a user or password";
  if (allowed) return undefined;
  if (!["", "443", "80"].includes(url.port)) return "names a port";
  // The URL parser has turned every spelling of an IPv4 address into the usual one.
  const host = bareHost(url);
  return isIP(host) !== 0 && !isPublicAddress(host)
    ? "has an address that is not public"
    : undefined;
}

function isAllowed(url: URL, allowHosts: ReadonlySet<string>): boolean {
  const host = url.hostname.replace(/\.$/, "");
  return allowHosts.has(host) || [...allowHosts].some((allowed) => sameHost(allowed, host));
}

/** An operator may write capitals, or an address in another way. */
function sameHost(allowed: string, host: string): boolean {
  const url = `http://${allowed}`;
  return URL.canParse(url) && new URL(url).hostname === host;
}

/** Without the brackets of IPv6. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function get(url: URL, options: GuardedFetchOptions): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const requestOptions: RequestOptions = {
    // One connection per request: a kept one was checked by the rules of its time.
    agent: false,
    headers: {
      accept: "image/*, audio/*, video/*, application/pdf, text/*",
      "accept-encoding": "identity",
      "user-agent": "headgate",
    },
    lookup: guardedLookup(isAllowed(url, options.allowHosts), options.resolve ?? resolveByDns),
    signal: options.signal,
  };
  return new Promise((resolve, reject) => {
    request(url, requestOptions, resolve).on("error", reject).end();
  });
}

function resolveByDns(hostname: string): ReturnType<Resolve> {
  return dnsLookup(hostname, { all: true });
}

/** What the connection is made with: a name one of whose addresses is not public has none. */
function guardedLookup(allowed: boolean, resolve: Resolve): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (!first) return callback(new Refusal("its host has no address"), "");
        if (!allowed && !addresses.every(({ address }) => isPublicAddress(address))) {
          return callback(new Refusal("its host has an address that is not public"), "");
        }
        if (all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (reason) => callback(reason, ""),
    );
  };
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}

async function read(
  response: IncomingMessage,
  { bytesMax }: GuardedFetchOptions,
): Promise<FetchedMedia> {
  try {
    const { statusCode, headers } = response;
    if (statusCode !== 200) throw new Refusal(`its host answered with status ${statusCode}`);
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") throw new Refusal("it comes compressed, which was not asked for");
    if (Number(headers["content-length"]) > bytesMax) throw tooLarge(bytesMax);
    const bytes = await readBytes(response, bytesMax);
    const mediaType = mediaTypeOf(headers["content-type"], bytes);
    if (mediaType !== undefined) return { mediaType, data: bytes.toString("base64") };
    throw new Refusal("it is neither image, audio, video, PDF nor text");
  } finally {
    response.destroy();
  }
}

async function readBytes(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  if (size === 0) throw new Refusal("it is empty");
  return Buffer.concat(chunks, size);
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal(`it has more than ${bytesMax} bytes`);
}

function notFetched(url: string, reason: unknown): Fault {
  const why = reason instanceof Refusal ? reason.message : networkProblem(reason);
  const message = `${shown(url)} could not be fetched for the provider: ${why}.`;
  return new Fault("media_not_fetched", message, { cause: reason });
}

/** Node's own words name addresses, which may be internal ones. */
function networkProblem(reason: unknown): string {
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "";
  if (/^(ENOTFOUND|EAI_|ENODATA)/.test(code)) return "its host is not known";
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return "the certificate of its host is not valid";
  if (code === "ECONNREFUSED") return "its host refused the connection";
  return "the connection to its host failed";
}

/** The query may hold a signature, and user and password are secrets. */
function shown(text: string): string {
  if (!URL.canParse(text)) return "A file";
  const { protocol, host, pathname } = new URL(text);
  const url = `${protocol}//${host}${pathname}`;
  return url.length > 200 ? `${url.slice(0, 200)}...` : url;
}
