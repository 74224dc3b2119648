import type { EtcdServer } from "../servers/index.ts";

const callWithinMs = 20_000;

/** etcd 3.4's gRPC, as JSON over HTTP: for what our store has no business to do. @throws its answer. */
export async function askEtcd(
  server: EtcdServer,
  path: string,
  message: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${server.clientUrl}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(callWithinMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd ${path}: ${text.trim()}`);
  return JSON.parse(text);
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** The revision at which a key was created; undefined when there is none. */
export async function createRevision(server: EtcdServer, key: string): Promise<number | undefined> {
  const { kvs } = await askEtcd(server, "kv/range", { key: base64(key) });
  // An array of key-values, whose numbers are strings.
  const [first] = (kvs ?? []) as readonly { readonly create_revision: string }[];
  return first && Number(first.create_revision);
}

/** The revision of the store. */
export async function presentRevision(server: EtcdServer): Promise<number> {
  const { header } = await askEtcd(server, "kv/range", { key: base64("/"), count_only: true });
  // Every answer has a header, with numbers as strings.
  return Number((header as { readonly revision: string }).revision);
}
