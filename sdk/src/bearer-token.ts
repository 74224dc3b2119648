import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { untilAborted } from "./until-aborted.ts";

/** A token of the admin API, or what gets one for each attempt: an OIDC token that is renewed, say. */
export type TokenSource = string | (() => string | Promise<string>);

/** Sends the token with every attempt. The call's deadline counts for getting it, too. */
export function bearerToken(source: TokenSource): Interceptor {
  return (next) => async (request) => {
    const token = await untilAborted(tokenFrom(source), request.signal);
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

/**
 * Nothing was sent when it fails. The token is checked here, since what fetch() throws for a wrong
 * header quotes it.
 */
async function tokenFrom(source: TokenSource): Promise<string> {
  const token = (typeof source === "string" ? source : await asked(source)).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const problem = token === "" ? "is empty" : "has characters that no token has";
  throw new ConnectError(`the token ${problem}`, Code.Unauthenticated);
}

async function asked(source: () => string | Promise<string>): Promise<string> {
  try {
    return await source();
  } catch (reason) {
    const text = `no token: ${reason instanceof Error ? reason.message : String(reason)}`;
    throw new ConnectError(text, Code.Unauthenticated, undefined, undefined, reason);
  }
}
