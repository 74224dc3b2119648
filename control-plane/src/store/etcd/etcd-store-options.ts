import type { Clock, Random } from "@headgate/core";
import { assertInteger, assertPrefix } from "../check-arguments.ts";

export interface EtcdStoreOptions {
  /**
   * Members of one etcd, nearest first: `http://host:port` or `https://host:port`, by default port
   * 2379. The first that answers is used, the others stand by.
   */
  readonly hosts: readonly string[];
  /**
   * What every key begins with in etcd, unseen by callers, who have keys like "/a". All that begins
   * so is ours. Default "/headgate".
   */
  readonly prefix?: string;
  readonly clock: Clock;
  /** Spreads attempts to come back. Default: the process's own. */
  readonly random?: Random;
  /** For https hosts. PEM texts. */
  readonly tls?: EtcdTlsOptions;
  readonly credentials?: EtcdCredentials;
  /** A call that found no answer in this time fails as "unavailable". Default 5,000. */
  readonly requestTimeoutMs?: number;
  /**
   * A watch that was told nothing for this long asks whether its member still knows the present; in
   * as long again it is answered, or moves to another member. Default 3,000.
   */
  readonly watchCheckMs?: number;
  /** Told, once for each, of watches that had to move and of members that are away. */
  readonly onError?: (error: unknown) => void;
  /** Told of each of those members when it answers again. */
  readonly onReturn?: (host: string) => void;
}

export interface EtcdTlsOptions {
  /** Who vouches for the members. */
  readonly ca: string;
  /** Our own certificate with its key, where etcd asks for one. */
  readonly cert?: string;
  readonly key?: string;
}

export interface EtcdCredentials {
  readonly username: string;
  readonly password: string;
}

/** EtcdStoreOptions, checked, with nothing left open but what may be absent. */
export type EtcdStoreSettings = EtcdStoreOptions &
  Required<Omit<EtcdStoreOptions, "tls" | "credentials" | "random">>;

const etcdPort = "2379";

/** @throws {RangeError} that says which option is wrong, and what would be right. */
export function etcdStoreSettings(options: EtcdStoreOptions): EtcdStoreSettings {
  const defaults = {
    requestTimeoutMs: 5000,
    watchCheckMs: 3000,
    onError: () => {},
    onReturn: () => {},
  };
  const prefix = (options.prefix ?? "/headgate").replace(/\/+$/, "");
  const settings = { ...defaults, ...options, prefix, hosts: options.hosts.map(hostFrom) };
  if (prefix === "") throw new RangeError('prefix must be a path such as "/headgate"');
  assertPrefix(prefix);
  assertInteger("requestTimeoutMs", settings.requestTimeoutMs, 100);
  assertInteger("watchCheckMs", settings.watchCheckMs, 100);
  assertSecurity(settings);
  return settings;
}

/** With its port: gRPC would take 443 for the default. */
function hostFrom(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  const isBare = url && url.pathname === "/" && !url.search && !url.username;
  if (!isWeb || !isBare) {
    throw new RangeError(
      `"${text}" is not an etcd host; use http://host:2379 or https://host:2379`,
    );
  }
  const standard = url.protocol === "https:" ? "443" : "80";
  const explicit = new RegExp(`:${standard}/?$`).test(text) ? standard : etcdPort;
  return `${url.protocol}//${url.hostname}:${url.port || explicit}`;
}

function assertSecurity({ hosts, tls }: EtcdStoreSettings): void {
  if (hosts.length === 0) throw new RangeError("hosts must name at least one member of etcd");
  const secure = hosts.filter((host) => host.startsWith("https:")).length;
  if (secure > 0 && secure < hosts.length) {
    throw new RangeError("hosts must be all http or all https");
  }
  if (tls && secure === 0) throw new RangeError("with tls, hosts must be https");
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw new RangeError("tls.cert and tls.key go together");
  }
}
