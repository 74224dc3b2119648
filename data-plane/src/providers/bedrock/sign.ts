import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { Clock } from "@headgate/core";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Authorize } from "../authorize.ts";

export interface SigV4Options {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials; empty: none. */
  readonly sessionToken: string;
  readonly clock: Clock;
}

/**
 * Signs each request with AWS's Signature Version 4. AWS refuses a signature whose time is more
 * than five minutes off its own: the node's wall clock must be right.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function sigV4Authorize(options: SigV4Options): Authorize {
  const { region, accessKeyId, secretAccessKey, sessionToken, clock } = options;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const signer = new SignatureV4({ service: "bedrock", region, credentials, sha256: Sha256 });
  return async ({ method, origin, path, headers, body }) => {
    const { protocol, hostname, host } = new URL(origin);
    const unsigned = { host, ...signable(headers) };
    const request = { method, protocol, hostname, path, headers: unsigned, body };
    const signingDate = new Date(clock.wallTimeMs());
    const signed = await signer.sign(request, { signingDate });
    return Object.entries(signed.headers).flatMap(([name, value]) =>
      name in unsigned ? [] : [name, value],
    );
  };
}

/** What a proxy on the way may change is not signed. */
function signable(headers: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? "";
    if (name === "content-type" || name.startsWith("x-amz")) out[name] = headers[at + 1] ?? "";
  }
  return out;
}

/** SHA-256, with a key HMAC-SHA-256, as the signer wants them. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error("A hash is made for each use.");
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
