import { generateKeyPairSync } from "node:crypto";
import { type Answer, jsonAnswer, type ProviderRequest } from "@headgate/testing";

/** The path at which the fake provider plays Google's token server. */
const tokenPath = "/google/token";
const accessToken = "ya29.fake-access-token";

/** The JSON of a service account whose tokens come from `origin`; the key is made up on the spot. */
export function fakeServiceAccount(origin: string): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return JSON.stringify({
    type: "service_account",
    project_id: "project-e2e",
    private_key_id: "key-e2e",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "e2e@project-e2e.iam.gserviceaccount.com",
    token_uri: `${origin}${tokenPath}`,
  });
}

/** The token server's answer, if the request is for it. */
export function fakeTokenAnswer(request: ProviderRequest): Answer | undefined {
  if (request.path !== tokenPath) return undefined;
  return jsonAnswer({ access_token: accessToken, expires_in: 3600, token_type: "Bearer" });
}

export const vertexAuthorization = `Bearer ${accessToken}`;
