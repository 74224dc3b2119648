import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

interface Member {
  readonly clientUrl: string;
  readonly settings: { readonly tls?: { readonly cert: string; readonly key: string } };
}

/** From now on the cluster asks everyone for a password; user "root" has this one. */
export async function enableRootAuth(member: Member, password: string): Promise<void> {
  await call(member, "user/add", { name: "root", password });
  await call(member, "role/add", { name: "root" });
  await call(member, "user/grant", { user: "root", role: "root" });
  await call(member, "enable", {});
}

/** Before that: a user who may read and write what begins with `prefix`, and nothing else. */
export async function addPrefixUser(
  member: Member,
  {
    name,
    password,
    prefix,
  }: { readonly name: string; readonly password: string; readonly prefix: string },
): Promise<void> {
  const [key, rangeEnd] = [Buffer.from(prefix), Buffer.from(prefix)];
  rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) ?? 0) + 1;
  const range = { key: key.toString("base64"), range_end: rangeEnd.toString("base64") };
  await call(member, "user/add", { name, password });
  await call(member, "role/add", { name });
  await call(member, "role/grant", { name, perm: { permType: "READWRITE", ...range } });
  await call(member, "user/grant", { user: name, role: name });
}

/** etcd's own JSON over HTTP. https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/ */
async function call(member: Member, method: string, body: object): Promise<void> {
  const { status, text } = await post(member, `/v3/auth/${method}`, JSON.stringify(body));
  if (status !== 200) throw new Error(`etcd refused auth/${method}: ${status} ${text}`);
}

/** The test made this server and its certificate: whom it talks to is not in question. */
async function post(member: Member, path: string, body: string) {
  const { tls } = member.settings;
  const url = new URL(path, member.clientUrl);
  const secure = tls && { cert: tls.cert, key: tls.key, rejectUnauthorized: false };
  const request = tls ? httpsRequest : httpRequest;
  const headers = { "content-type": "application/json", connection: "close" };
  const outgoing = request(url, { ...secure, method: "POST", headers });
  outgoing.end(body);
  const [response]: IncomingMessage[] = await once(outgoing, "response");
  if (!response) throw new Error("no response");
  return { status: response.statusCode, text: await text(response) };
}
