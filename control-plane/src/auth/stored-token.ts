import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { admin } from "@headgate/proto";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Entry, Write } from "../store/store.ts";

export type PutWrite = Extract<Write, { readonly type: "put" }>;

/** Beside the resources, not among them: nodes have nothing to do with admin tokens. */
export const tokensPrefix = "/tokens/";

export function tokenKey(name: string): string {
  return tokensPrefix + name;
}

export function tokenNameFrom(key: string): string {
  return key.slice(tokensPrefix.length);
}

/** The token itself is not in it, only its hash. Sealed nonetheless, as all that is stored. */
export function putToken(
  name: string,
  { stored, codec }: { readonly stored: admin.StoredAdminToken; readonly codec: ResourceCodec },
): PutWrite {
  const key = tokenKey(name);
  const value = codec.seal(key, toBinary(admin.StoredAdminTokenSchema, stored));
  return { type: "put", key, value };
}

/** @throws UnsealError, or what fromBinary() throws, if the value can't be read. */
export function readToken(entry: Entry, codec: ResourceCodec): admin.StoredAdminToken {
  return fromBinary(admin.StoredAdminTokenSchema, codec.open(entry));
}
