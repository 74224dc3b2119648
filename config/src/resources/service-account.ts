/** What the api_key of a Vertex credential has to be, for messages. */
const serviceAccountHint =
  'give the JSON key of a Google service account (with "client_email" and "private_key"), ' +
  'or credentials of type "authorized_user"';

/**
 * What is wrong with the JSON of Google credentials, if anything. Nothing of the text is shown: it
 * holds a private key.
 *
 * @param text - What was given; not empty.
 */
export function serviceAccountProblem(text: string): string | undefined {
  const value = parse(text);
  if (value === undefined) return `is not JSON: ${serviceAccountHint}`;
  if (value["type"] === "authorized_user") return undefined;
  const isAccount = isText(value["client_email"]) && isText(value["private_key"]);
  return isAccount ? undefined : `is not a service account: ${serviceAccountHint}`;
}

/** Undefined if it is not JSON; without members if it is not an object. */
function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
