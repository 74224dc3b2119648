import type { Clock } from "@headgate/core";
import type { Authorize } from "../authorize.ts";
import { AccessTokens } from "./access-tokens.ts";
import { readGoogleCredentials } from "./credentials.ts";
import { type PostForm, postForm } from "./post-form.ts";

export interface ServiceAccountOptions {
  /** The contents of the credentials file. */
  readonly json: string;
  readonly clock: Clock;
  /** Asks for tokens; absent: over the network. */
  readonly post?: PostForm;
}

const bearer = "Bearer ";

/** What Vertex AI asks for: https://cloud.google.com/vertex-ai/docs/authentication */
const scope = "https://www.googleapis.com/auth/cloud-platform";

/**
 * The bearer token of a service account, kept in date. Credentials that are none are reported when
 * they are used, so that one provider's mistake does not stop the others; `readGoogleCredentials`
 * reports them at once.
 */
export function serviceAccountAuthorize({
  json,
  clock,
  post = postForm,
}: ServiceAccountOptions): Authorize {
  let tokens: { readonly access: AccessTokens; readonly beside: readonly string[] } | undefined;
  const authorize = () => {
    if (!tokens) {
      const credentials = readGoogleCredentials(json);
      const { quotaProject } = credentials;
      tokens = {
        access: new AccessTokens(credentials, { clock, post, scope }),
        beside: quotaProject === undefined ? [] : ["x-goog-user-project", quotaProject],
      };
    }
    const { access, beside } = tokens;
    const token = access.current();
    const headers = (text: string) => ["authorization", bearer + text, ...beside];
    return typeof token === "string" ? headers(token) : token.then(headers);
  };
  const reject = (headers: readonly string[]): void => {
    const proof = headers.find((value) => value.startsWith(bearer));
    if (proof !== undefined) tokens?.access.discard(proof.slice(bearer.length));
  };
  return Object.assign(authorize, { reject });
}
