import { Fault, isRecord, jsonText, parseJson } from "@headgate/core";

/** What a credentials file of Google's holds. https://google.aip.dev/auth/4110 */
export type GoogleCredentials = ServiceAccount | AuthorizedUser;

export interface ServiceAccount {
  readonly type: "service_account";
  readonly clientEmail: string;
  /** PEM. Never to be shown. */
  readonly privateKey: string;
  readonly privateKeyId: string | undefined;
  readonly tokenUri: string;
  readonly quotaProject: string | undefined;
}

/** What `gcloud auth application-default login` leaves behind. */
export interface AuthorizedUser {
  readonly type: "authorized_user";
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUri: string;
  readonly quotaProject: string | undefined;
}

/** @throws {Fault} upstream_credentials_rejected, saying what is wrong and nothing of the contents. */
export function readGoogleCredentials(text: string): GoogleCredentials {
  const value = parseJson(text);
  if (!isRecord(value)) throw wrong("it is not a JSON object");
  switch (value["type"]) {
    case "service_account":
      return serviceAccount(value);
    case "authorized_user":
      return authorizedUser(value);
    case undefined:
      throw wrong('it has no "type"');
    default:
      throw wrong(`its type is ${JSON.stringify(jsonText(value["type"]).slice(0, 40))}`);
  }
}

function serviceAccount(value: Readonly<Record<string, unknown>>): ServiceAccount {
  return {
    type: "service_account",
    clientEmail: textOf(value, "client_email"),
    // Keys that went through an environment variable have their line ends escaped once more.
    privateKey: textOf(value, "private_key").replaceAll("\\n", "\n"),
    privateKeyId: optional(value, "private_key_id"),
    tokenUri: tokenUri(value),
    quotaProject: optional(value, "quota_project_id"),
  };
}

function authorizedUser(value: Readonly<Record<string, unknown>>): AuthorizedUser {
  return {
    type: "authorized_user",
    clientId: textOf(value, "client_id"),
    clientSecret: textOf(value, "client_secret"),
    refreshToken: textOf(value, "refresh_token"),
    tokenUri: tokenUri(value),
    quotaProject: optional(value, "quota_project_id"),
  };
}

function tokenUri(value: Readonly<Record<string, unknown>>): string {
  const uri = optional(value, "token_uri") ?? "https://oauth2.googleapis.com/token";
  if (!/^https?:\/\/[^/]/.test(uri)) throw wrong('its "token_uri" is not an http(s) URL');
  return uri;
}

function textOf(value: Readonly<Record<string, unknown>>, name: string): string {
  const text = value[name];
  if (typeof text === "string" && text !== "") return text;
  throw wrong(`its "${name}" is missing or not a text`);
}

function optional(value: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = value[name];
  return typeof text === "string" && text !== "" ? text : undefined;
}

function wrong(what: string): Fault {
  return new Fault(
    "upstream_credentials_rejected",
    `The Google credentials are no service account's JSON (nor an authorized user's): ${what}.`,
  );
}
