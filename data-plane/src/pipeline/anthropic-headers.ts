import type { IncomingHttpHeaders } from "node:http";

/**
 * The two headers of an Anthropic client that change what its request means. Their form is checked;
 * nothing else of the client's goes out with a stored credential.
 *
 * https://docs.anthropic.com/en/api/versioning, https://docs.anthropic.com/en/api/beta-headers
 */
export function anthropicHeaders(
  headers: readonly string[],
  client: IncomingHttpHeaders,
  /** The operator's, which wins; "" for none. */
  version: string,
): readonly string[] {
  const asked = client["anthropic-version"];
  const result = [...headers];
  if (version === "" && typeof asked === "string" && /^\d{4}-\d{2}-\d{2}$/.test(asked)) {
    const at = result.indexOf("anthropic-version");
    if (at >= 0) result[at + 1] = asked;
  }
  const beta = client["anthropic-beta"];
  if (typeof beta === "string" && betaPattern.test(beta)) result.push("anthropic-beta", beta);
  return result;
}

/** A list of names such as `files-api-2025-04-14`. */
const betaPattern = /^[a-z0-9-]{1,64}(?: ?, ?[a-z0-9-]{1,64}){0,31}$/;
