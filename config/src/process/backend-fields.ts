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
      readonly credentials: NatsCredentials | undefined;
      readonly tls: ClientTlsFiles | undefined;
    };

export type NatsCredentials =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A .creds file: a JWT and the seed of its key. */
  | { readonly kind: "file"; readonly path: string };

const both = {
  error: "has one of username and password: give both, or none",
};

const etcd = z
  .strictObject({
    hosts: serverUrls(["http", "https"], "http://127.0.0.1:2379"),
    prefix: text
      .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'must look like "/headgate": no slash at its end')
      .max(128, "is too long: at most 128 characters")
      .default("/headgate"),
    username: text.optional(),
    password: text.optional(),
    tls: clientTls.optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), both);

const nats = z
  .strictObject({
    servers: serverUrls(["nats", "tls"], "nats://127.0.0.1:4222"),
    token: text.optional(),
    username: text.optional(),
    password: text.optional(),
    credentials_file: text.optional(),
    tls: clientTls.optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), both)
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
  const { servers, tls } = field.nats;
  return { kind: "nats", servers, credentials: natsCredentials(field.nats), tls };
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
