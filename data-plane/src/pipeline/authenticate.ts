import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "@headgate/core";
import type { RoutedKey } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";

/**
 * Whose call it is. Keys come where any of the vendors' clients put them.
 * @throws {Fault} invalid_api_key; the message never repeats the key.
 */
export function authenticate(headers: IncomingHttpHeaders, table: RoutingTable): RoutedKey {
  const secret = keySecret(headers);
  if (secret === undefined) {
    throw new Fault(
      "invalid_api_key",
      "No API key was given: send one as 'Authorization: Bearer KEY'.",
    );
  }
  const key = secret.length <= secretLengthMax ? table.key(secret) : undefined;
  if (!key) throw new Fault("invalid_api_key", "The API key is not known.");
  if (key.revoked) throw new Fault("invalid_api_key", "The API key was revoked.");
  return key;
}

/** Longer than any key we make or accept. */
const secretLengthMax = 512;

function keySecret(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+)\s*$/i.exec(authorization)?.[1];
    if (bearer !== undefined) return bearer;
    const message = "The Authorization header is malformed: send 'Authorization: Bearer KEY'.";
    throw new Fault("invalid_api_key", message);
  }
  for (const name of ["x-api-key", "api-key", "x-goog-api-key"]) {
    const value = headers[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
