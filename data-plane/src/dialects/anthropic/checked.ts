import { Fault, isRecord } from "@headgate/core";

export type Json = Readonly<Record<string, unknown>>;

/** Reads members of a request; the faults name them by their path (`messages[2].content[0].source`). */
export function recordAt(value: unknown, path: string): Json {
  if (isRecord(value)) return value;
  throw wrongType(path, "an object", value);
}

export function listAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongType(path, "a list", value);
}

/** Of content that is not text. */
export function blocksAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongType(path, "text or a list of blocks", value);
}

export function textAt(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw wrongType(path, "text", value);
}

/** Undefined for what is absent or null. */
export function optional<T>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}

export function numberAt(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  throw wrongType(path, "a number", value);
}

export function countAt(value: unknown, path: string): number {
  if (typeof value !== "number") throw wrongType(path, "a number", value);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Fault("invalid_value", `${path}: expected a whole number, 0 or more, not ${value}.`, {
    param: path,
  });
}

export function booleanAt(value: unknown, path: string): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(path, "true or false", value);
}

export function wrongValue(path: string, expected: string, value: unknown): Fault {
  const found = typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : kindOf(value);
  return new Fault("invalid_value", `${path}: expected ${expected}, not ${found}.`, {
    param: path,
  });
}

function wrongType(path: string, expected: string, value: unknown): Fault {
  if (value === undefined) {
    return new Fault("missing_required_parameter", `${path}: required, ${expected}.`, {
      param: path,
    });
  }
  const message = `${path}: expected ${expected}, not ${kindOf(value)}.`;
  return new Fault("invalid_type", message, { param: path });
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The members that are not among `known`, and say something. */
export function without(record: Json, known: readonly string[]): Json {
  const rest = Object.entries(record).filter(
    ([name, value]) => !known.includes(name) && value !== null && value !== undefined,
  );
  return Object.fromEntries(rest);
}
