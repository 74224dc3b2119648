import { Fault } from "@headgate/core";
import { type CryptoKey, importPKCS8, SignJWT } from "jose";
import type { AuthorizedUser, GoogleCredentials, ServiceAccount } from "./credentials.ts";

/** The form that is posted to the token endpoint. */
export type TokenForm = () => Promise<URLSearchParams>;

/** @param nowS seconds since the epoch. */
export function createTokenForm(
  credentials: GoogleCredentials,
  { scope, nowS }: { readonly scope: string; readonly nowS: () => number },
): TokenForm {
  if (credentials.type === "authorized_user") return async () => refreshForm(credentials);
  let key: Promise<CryptoKey> | undefined;
  return async () => {
    key ??= importKey(credentials);
    const assertion = await signAssertion(credentials, { key: await key, scope, nowS: nowS() });
    return new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion,
    });
  };
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
function signAssertion(
  { clientEmail, privateKeyId, tokenUri }: ServiceAccount,
  { key, scope, nowS }: { readonly key: CryptoKey; readonly scope: string; readonly nowS: number },
): Promise<string> {
  return new SignJWT({ scope })
    .setProtectedHeader({
      alg: "RS256",
      typ: "JWT",
      ...(privateKeyId !== undefined && { kid: privateKeyId }),
    })
    .setIssuer(clientEmail)
    .setAudience(tokenUri)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + assertionTtlS)
    .sign(key);
}

/** Seconds; Google allows no more. */
const assertionTtlS = 3600;

/** @throws {Fault} What the parser says may quote the key, so it is not passed on. */
async function importKey({ clientEmail, privateKey }: ServiceAccount): Promise<CryptoKey> {
  try {
    return await importPKCS8(privateKey, "RS256");
  } catch {
    throw new Fault(
      "upstream_credentials_rejected",
      `The private key of the Google service account ${clientEmail} cannot be read: it is not a PKCS #8 key in PEM.`,
    );
  }
}

/** https://developers.google.com/identity/protocols/oauth2/web-server#offline */
function refreshForm({ clientId, clientSecret, refreshToken }: AuthorizedUser): URLSearchParams {
  return new URLSearchParams({
    grant_type: "refresh_token",
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
  });
}
