import { jsonField } from "./json-field.ts";
import {
  checkedSecret,
  decodedSecret,
  type HttpReference,
  type SecretContext,
  SecretError,
  type SecretSource,
} from "./secret-source.ts";

/** A secret and what a vault says around it. */
const answerMaxBytes = 64 * 1024;

/** `{http: {url: ..., headers: {...}, field: ...}}`: the answer of a secret server. */
export function createHttpSource(): SecretSource {
  return {
    async read({ http }, context) {
      if (!http) throw new TypeError("not a reference to an http source");
      const origin = new URL(http.url).host;
      const text = decodedSecret(await fetchAnswer(http, origin, context), origin);
      return checkedSecret(http.field === "" ? text : jsonField(text, http.field, origin), origin);
    },
  };
}

async function fetchAnswer(
  { url, headers, field }: HttpReference,
  origin: string,
  { signal }: SecretContext,
): Promise<Uint8Array> {
  try {
    // A redirect would take the headers elsewhere.
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    const problem = problemOf(response, field);
    if (problem === undefined) return await readBody(response, origin);
    await response.body?.cancel();
    throw new SecretError(`${origin} ${problem}`);
  } catch (error) {
    if (error instanceof SecretError) throw error;
    if (signal.aborted) throw new SecretError(`${origin} did not answer in time`);
    throw new SecretError(`cannot ask ${origin}: ${reason(error)}`, { cause: error });
  }
}

/** The body of a refusal is not shown: it may repeat what was sent. */
function problemOf({ status, headers }: Response, field: string): string | undefined {
  if (status >= 300 && status < 400) {
    return `answered with a redirect (status ${status}), which is not followed: give the final URL`;
  }
  if (status !== 200) return `answered with status ${status}, not 200`;
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  // A page to log in at, most likely.
  if (type === "text/html") return "answered with a page of HTML, not with a secret";
  if (field === "" && type.endsWith("json")) {
    return 'answered with JSON: say with field where the secret is, such as "data.key"';
  }
  return undefined;
}

async function readBody(response: Response, origin: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > answerMaxBytes) {
      throw new SecretError(`${origin} answered with more than ${answerMaxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** The system's code, and nothing of the message: it may hold the URL. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "the connection failed";
}
