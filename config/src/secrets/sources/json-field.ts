import { SecretError } from "./secret-source.ts";

/**
 * The text that `field` names in a JSON text; an object there is taken as JSON (vaults keep
 * service accounts so). `data.key`, or by RFC 6901 `/data/key`, for names with dots in them.
 *
 * @throws {SecretError} beginning with `origin`. Nothing of the text is shown.
 */
export function jsonField(text: string, field: string, origin: string): string {
  const value = partsOf(field).reduce<unknown>(childOf, parse(text, origin));
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return JSON.stringify(value);
  }
  const what = value === undefined ? "nothing" : "no text";
  throw new SecretError(`${origin} has ${what} at ${field}`);
}

/** Whether a field can name anything. */
export function isJsonField(field: string): boolean {
  return partsOf(field).every((part) => part !== "");
}

function partsOf(field: string): readonly string[] {
  if (!field.startsWith("/")) return field.split(".");
  return field
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function childOf(value: unknown, part: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
  // Of an object whose own property it is: sound for arrays and objects alike.
  return (value as Readonly<Record<string, unknown>>)[part];
}

function parse(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SecretError(`${origin} answered with something that is not JSON`);
  }
}
