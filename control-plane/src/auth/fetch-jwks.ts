import type { Clock } from "@headgate/core";
import { isRecord, parseJson } from "@headgate/core";
import type { JSONWebKeySet } from "jose";

const timeoutMs = 5_000;
/** Of a discovery document, or a key set: real ones have a few KiB. */
const documentMaxBytes = 256 * 1024;

/**
 * The issuer's key set, by way of its discovery document (OpenID Connect Discovery 1.0, section 4).
 *
 * @throws Error that says which document is wrong, and how.
 */
export async function fetchJwks(issuer: string, clock: Clock): Promise<JSONWebKeySet> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const metadata = await fetchDocument(url, clock);
  // Section 4.3 there: or one issuer could speak for another.
  if (metadata["issuer"] !== issuer) {
    throw new Error(`${url} has another issuer: ${JSON.stringify(metadata["issuer"])}`);
  }
  const keysUrl = metadata["jwks_uri"];
  if (typeof keysUrl !== "string" || !isTrusted(keysUrl, issuer)) {
    throw new Error(`${url} has no jwks_uri, or one that is not https://`);
  }
  const keySet = await fetchDocument(keysUrl, clock);
  if (!isKeySet(keySet)) throw new Error(`${keysUrl} is not a JSON Web Key Set`);
  return keySet;
}

/** Plain HTTP only where the issuer itself has it: on this machine, by its settings' check. */
function isTrusted(keysUrl: string, issuer: string): boolean {
  const url = URL.parse(keysUrl);
  return url?.protocol === "https:" || (url?.protocol === "http:" && issuer.startsWith("http:"));
}

async function fetchDocument(url: string, clock: Clock): Promise<Record<string, unknown>> {
  const done = new AbortController();
  const timeout = new AbortController();
  void clock.sleep(timeoutMs, done.signal).then(() => timeout.abort());
  try {
    // Redirects would lead to hosts that nobody configured.
    const init = { redirect: "error", signal: timeout.signal } as const;
    const response = await fetch(url, { ...init, headers: { accept: "application/json" } });
    if (response.status !== 200) throw new Error(`the answer is ${response.status}`);
    const document = parseJson(await boundedText(response));
    if (!isRecord(document)) throw new Error("the answer is not a JSON object");
    return document;
  } catch (error) {
    throw new Error(`${url}: ${timeout.signal.aborted ? "no answer in time" : reasonOf(error)}`);
  } finally {
    done.abort();
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > documentMaxBytes) throw new Error(`it is larger than ${documentMaxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** fetch() says "fetch failed", and why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function isKeySet(
  value: Record<string, unknown>,
): value is Record<string, unknown> & JSONWebKeySet {
  return Array.isArray(value["keys"]) && value["keys"].every(isRecord);
}
