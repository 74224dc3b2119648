import { z } from "zod";
import { type ClientTlsFiles, clientTls, serverUrls, text } from "./fields.ts";

/** Where resources are kept. */
export type StoreConfig =
  | {
      readonly kind: "embedded";
      /** Absent: in the data directory. */
      readonly path: string | undefined;
    }
  | {
      readonly kind: "etcd";
      readonly hosts: readonly string[];
      /** Before every key of ours. Begins with a slash, does not end with one. */
      readonly prefix: string;
      readonly credentials: { readonly username: string; readonly password: string } | undefined;
      readonly tls: ClientTlsFiles | undefined;
    };

/** Where replicas meet. */
export type BusConfig =
  | { readonly kind: "embedded" }
  | {
      readonly kind: "nats";
      readonly servers: readonly string[];
      /** The first part of every subject of ours. */
      readonly prefix: string;
      readonly credentials: NatsCredentials | undefined;
      readonly tls: ClientTlsFiles | undefined;
    };

export type NatsCredentials =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A .creds file: a JWT and the seed of its key. */
  | { readonly kind: "file"; readonly path: string };

interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Said of the one that is missing, so that a variable that is not set is not told twice. */
function bothOrNone({ username, password }: Login, context: z.RefinementCtx): void {
  if ((username === undefined) === (password === undefined)) return;
  const path = [username === undefined ? "username" : "password"];
  const message = "is missing: username and password go together";
  context.addIssue({ code: "custom", path, message });
}

function isSecure(host: string): boolean {
  return host.startsWith("https:");
}

const etcdHosts = serverUrls(["http", "https"], "http://127.0.0.1:2379").refine(
  (hosts) => hosts.every(isSecure) || !hosts.some(isSecure),
  { error: "has http:// and https:// hosts: all members of one etcd are reached alike" },
);

const etcd = z
  .strictObject({
    hosts: etcdHosts,
    prefix: text
      .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'must look like "/headgate": no slash at its end')
      .max(128, "is too long: at most 128 characters")
      .default("/headgate"),
    username: text.optional(),
    password: text.optional(),
    tls: clientTls.optional(),
  })
  .superRefine(bothOrNone)
  .refine(({ hosts, tls }) => tls === undefined || hosts.some(isSecure), {
    path: ["tls"],
    error: "is for https:// hosts",
  });

const nats = z
  .strictObject({
    servers: serverUrls(["nats", "tls"], "nats://127.0.0.1:4222"),
    prefix: text
      .regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ or -")
      .default("headgate"),
    token: text.optional(),
    username: text.optional(),
    password: text.optional(),
    credentials_file: text.optional(),
    tls: clientTls.optional(),
  })
  .superRefine(bothOrNone)
  .refine(
    ({ token, username, credentials_file }) =>
      [token, username, credentials_file].filter((way) => way !== undefined).length <= 1,
    { error: "gives several of token, username and credentials_file: keep one" },
  );

export const storeField = z
  .strictObject({
    embedded: z.strictObject({ path: text.optional() }).optional(),
    etcd: etcd.optional(),
  })
  .refine(({ embedded, etcd }) => embedded === undefined || etcd === undefined, {
    error: "has both embedded and etcd: keep one",
  })
  .optional();

export const busField = z
  .strictObject({ embedded: z.strictObject({}).optional(), nats: nats.optional() })
  .refine(({ embedded, nats }) => embedded === undefined || nats === undefined, {
    error: "has both embedded and nats: keep one",
  })
  .optional();

export function storeConfigFrom(field: z.output<typeof storeField>): StoreConfig {
  if (!field?.etcd) return { kind: "embedded", path: field?.embedded?.path };
  const { hosts, prefix, username, password, tls } = field.etcd;
  const credentials =
    username === undefined || password === undefined ? undefined : { username, password };
  return { kind: "etcd", hosts, prefix, credentials, tls };
}

export function busConfigFrom(field: z.output<typeof busField>): BusConfig {
  if (!field?.nats) return { kind: "embedded" };
  const { servers, prefix, tls } = field.nats;
  return { kind: "nats", servers, prefix, credentials: natsCredentials(field.nats), tls };
}

function natsCredentials({
  token,
  username,
  password,
  credentials_file,
}: z.output<typeof nats>): NatsCredentials | undefined {
  if (token !== undefined) return { kind: "token", token };
  if (username !== undefined && password !== undefined) {
    return { kind: "password", username, password };
  }
  return credentials_file === undefined ? undefined : { kind: "file", path: credentials_file };
}
