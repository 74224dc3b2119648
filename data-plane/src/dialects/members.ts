import { Fault, isRecord } from "@headgate/core";

export type Json = Readonly<Record<string, unknown>>;

/** Members of a request, read with the faults that OpenAI would tell of. Null is as good as absent. */
export function optionalString(value: unknown, param: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongType(param, "a string", value);
  return value;
}

export function requiredString(value: unknown, param: string): string {
  const text = optionalString(value, param);
  if (text === undefined) throw missing(param);
  return text;
}

export function optionalNumber(value: unknown, param: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw wrongType(param, "a number", value);
  return value;
}

export function optionalBoolean(value: unknown, param: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw wrongType(param, "a boolean", value);
  return value;
}

export function optionalRecord(value: unknown, param: string): Json | undefined {
  if (value === undefined || value === null) return undefined;
  return requiredRecord(value, param);
}

export function requiredRecord(value: unknown, param: string): Json {
  if (value === undefined || value === null) throw missing(param);
  if (!isRecord(value)) throw wrongType(param, "an object", value);
  return value;
}

export function optionalList(value: unknown, param: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType(param, "a list", value);
  return value;
}

/** One of a few words. */
export function oneOf<T extends string>(value: string, words: readonly T[], param: string): T {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw notOneOf(value, words, param);
  return word;
}

export function notOneOf(value: unknown, words: readonly string[], param: string): Fault {
  const list = words.map((word) => `'${word}'`).join(", ");
  const told = JSON.stringify(value)?.slice(0, shownMax);
  return new Fault(
    "invalid_value",
    `Invalid value for '${param}': ${told}. It is one of ${list}.`,
    {
      param,
    },
  );
}

export function missing(param: string): Fault {
  const message = `Missing required parameter: '${param}'.`;
  return new Fault("missing_required_parameter", message, { param });
}

export function wrongType(param: string, expected: string, value: unknown): Fault {
  const message = `Invalid type for '${param}': expected ${expected}, got ${typeName(value)}.`;
  return new Fault("invalid_type", message, { param });
}

export function unsupported(param: string, message: string): Fault {
  return new Fault("unsupported_value", message, { param });
}

/** Characters of a client's value that an error repeats. */
const shownMax = 64;

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** `members` without these. */
export function without(members: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}
