import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { didYouMean } from "../did-you-mean.ts";
import { durationHint, parseDuration } from "../duration.ts";
import { joinPath } from "../problem.ts";
import { shownKey } from "../shown-key.ts";
import { describeValue, type PlacedScalar, type PlacedValue } from "../yaml/placed.ts";
import type { ProblemList } from "../yaml/problem-list.ts";
import { enumFromWord, enumWords } from "./enum-words.ts";

/**
 * A message from values named as in the proto file, along its descriptor. Whatever does not fit is
 * reported and left unset; an item of a list that does not fit is there, empty, so that indexes
 * go on meaning what they mean in the text.
 */
export function messageFromPlaced<Schema extends DescMessage>(
  schema: Schema,
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): MessageShape<Schema> {
  const message = create(schema);
  if (value.kind !== "map") {
    const known = fieldNames(schema).join(", ");
    expected(`a mapping (${known})`, value, path, problems);
    return message;
  }
  for (const [key, entry] of value.entries) {
    const childPath = joinPath(path, shownKey(key));
    const field = fieldsOf(schema).get(key);
    if (!field) {
      problems.add(entry.keyAt, childPath, unknownKey(key, fieldNames(schema)));
      continue;
    }
    const read = readField(field, entry.value, childPath, problems);
    if (read === undefined) continue;
    if (!assign(message, field, read)) {
      const names = field.oneof?.fields.map((other) => other.name).join(", ");
      problems.add(entry.keyAt, childPath, `give only one of ${names}; add an entry for each`);
    }
  }
  return message;
}

/** For a key that means nothing here. */
function unknownKey(key: string, known: readonly string[]): string {
  return `unknown key "${shownKey(key)}"${didYouMean(key, known)}: known are ${known.join(", ")}`;
}

/** Set a field of a new message. False when another member of its oneof is there. */
function assign(message: object, field: DescField, value: unknown): boolean {
  // Generated messages are plain objects with a property of this name and type for each field.
  const record = message as Record<string, unknown>;
  if (!field.oneof) {
    record[field.localName] = value;
    return true;
  }
  const current = record[field.oneof.localName] as { readonly case?: string } | undefined;
  if (current?.case !== undefined) return false;
  record[field.oneof.localName] = { case: field.localName, value };
  return true;
}

function readField(
  field: DescField,
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): unknown {
  if (field.fieldKind === "scalar") {
    return readScalar(field.scalar, value, path, problems);
  }
  if (field.fieldKind === "enum") return readEnum(field.enum, value, path, problems);
  if (field.fieldKind === "message") return readMessage(field.message, value, path, problems);
  if (field.fieldKind === "list") return readList(field, value, path, problems);
  return readMap(field, value, path, problems);
}

/** Only texts by texts, such as headers. */
function readMap(
  field: DescField & { readonly fieldKind: "map" },
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): unknown {
  if (field.scalar !== ScalarType.STRING) throw new TypeError(`${field} is not of texts`);
  if (value.kind !== "map") return expected("a mapping of texts", value, path, problems);
  const entries = [...value.entries].map(([key, entry]) => {
    const childPath = joinPath(path, shownKey(key));
    return [key, readScalar(ScalarType.STRING, entry.value, childPath, problems) ?? ""];
  });
  return Object.fromEntries(entries);
}

function readList(
  field: DescField & { readonly fieldKind: "list" },
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): unknown {
  if (value.kind !== "list") return expected("a list", value, path, problems);
  // The statuses of `retry.on` are written bare by everybody.
  const bareNumbers = field.toString().endsWith("Retry.on");
  return value.items.map((item, index) => {
    const itemPath = joinPath(path, index);
    if (field.listKind === "message") return readMessage(field.message, item, itemPath, problems);
    if (field.listKind === "enum") return readEnum(field.enum, item, itemPath, problems) ?? 0;
    if (bareNumbers && item.kind === "scalar" && typeof item.value === "bigint") {
      return String(item.value);
    }
    return readScalar(field.scalar, item, itemPath, problems) ?? emptyScalar(field.scalar);
  });
}

function readMessage(
  schema: DescMessage,
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): unknown {
  if (schema.typeName === DurationSchema.typeName) return readDuration(value, path, problems);
  if (schema.typeName === TimestampSchema.typeName) return readTimestamp(value, path, problems);
  return messageFromPlaced(schema, value, path, problems);
}

function readScalar(
  type: ScalarType,
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): unknown {
  switch (type) {
    case ScalarType.STRING:
      return readText(value, path, problems);
    case ScalarType.BOOL:
      return readBoolean(value, path, problems);
    case ScalarType.DOUBLE:
      return readNumber(value, path, problems);
    case ScalarType.UINT32:
      return toNumber(readWhole(value, 2n ** 32n - 1n, path, problems));
    case ScalarType.UINT64:
      return readWhole(value, 2n ** 64n - 1n, path, problems);
    default:
      throw new TypeError(`${path}: resources have no fields of type ${ScalarType[type]}`);
  }
}

function readText(value: PlacedValue, path: string, problems: ProblemList): string | undefined {
  if (value.kind === "scalar" && typeof value.value === "string") return value.value;
  const literal = value.kind === "scalar" && value.value !== null ? value.value : undefined;
  if (literal === undefined) return expected("a text", value, path, problems);
  problems.add(
    value.at,
    path,
    `expected a text, got ${describeValue(value)}: quote it, "${literal}"`,
  );
  return undefined;
}

function readBoolean(value: PlacedValue, path: string, problems: ProblemList): boolean | undefined {
  if (value.kind === "scalar" && typeof value.value === "boolean") return value.value;
  if (isText(value) && value.interpolated && /^(true|false)$/.test(value.value)) {
    return value.value === "true";
  }
  return expected("true or false", value, path, problems);
}

function readNumber(value: PlacedValue, path: string, problems: ProblemList): number | undefined {
  const number = value.kind === "scalar" ? numberOf(value) : undefined;
  return number === undefined ? expected("a number", value, path, problems) : Number(number);
}

function readWhole(
  value: PlacedValue,
  max: bigint,
  path: string,
  problems: ProblemList,
): bigint | undefined {
  const number = value.kind === "scalar" ? numberOf(value) : undefined;
  // 1e6 is a fraction to YAML, a whole number to people.
  const whole = Number.isSafeInteger(number) ? BigInt(number ?? 0) : number;
  if (typeof whole === "bigint" && whole >= 0n && whole <= max) return whole;
  return expected(`a whole number from 0 to ${max}`, value, path, problems);
}

/** What a scalar says as a number. From the environment, and past 2^53 in JSON, it comes as text. */
function numberOf(scalar: PlacedScalar): bigint | number | undefined {
  const { value } = scalar;
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  if (/^\d{1,20}$/.test(value)) return BigInt(value);
  return /^\d{1,20}(\.\d{1,20})?$/.test(value) ? Number(value) : undefined;
}

function readEnum(
  schema: DescEnum,
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): number | undefined {
  const words = enumWords(schema);
  if (!isText(value)) return expected(`one of ${words.join(", ")}`, value, path, problems);
  const number = enumFromWord(schema, value.value);
  if (number === undefined) {
    const shown = value.interpolated ? "the value" : `"${shorten(value.value)}"`;
    const hint = didYouMean(value.value, words);
    problems.add(value.at, path, `${shown} is none of ${words.join(", ")}${hint}`);
  }
  return number;
}

function readDuration(value: PlacedValue, path: string, problems: ProblemList): unknown {
  const duration = isText(value) ? parseDuration(value.value) : undefined;
  return duration ?? expected(`a duration, ${durationHint}`, value, path, problems);
}

function readTimestamp(value: PlacedValue, path: string, problems: ProblemList): unknown {
  try {
    if (isText(value)) return fromJson(TimestampSchema, value.value);
  } catch {
    // Said below, in our words.
  }
  return expected('a time such as "2030-01-31T12:00:00Z"', value, path, problems);
}

function expected(
  what: string,
  value: PlacedValue,
  path: string,
  problems: ProblemList,
): undefined {
  if (value.kind === "broken") return undefined;
  const empty = value.kind === "scalar" && value.value === null;
  const got = empty ? "nothing (give a value, or remove the line)" : describeText(value);
  problems.add(value.at, path, `expected ${what}, got ${got}`);
  return undefined;
}

/** A short word may be shown: whatever is secret has 16 characters or more. */
function describeText(value: PlacedValue): string {
  if (!isText(value) || value.interpolated || value.value === "") return describeValue(value);
  const looksPublic = /^[\w.+-]{1,12}$/.test(value.value);
  return looksPublic ? `"${value.value}"` : describeValue(value);
}

function isText(value: PlacedValue): value is PlacedScalar & { readonly value: string } {
  return value.kind === "scalar" && typeof value.value === "string";
}

function emptyScalar(type: ScalarType): unknown {
  return type === ScalarType.STRING ? "" : type === ScalarType.BOOL ? false : 0;
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

// Descriptors live as long as the program; so may what is derived from them.
const fieldsBySchema = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

function fieldsOf(schema: DescMessage): ReadonlyMap<string, DescField> {
  const known = fieldsBySchema.get(schema);
  if (known) return known;
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  fieldsBySchema.set(schema, fields);
  return fields;
}

/** What operators write: all but what only the control plane sets. */
function fieldNames(schema: DescMessage): readonly string[] {
  return schema.fields
    .map((field) => field.name)
    .filter((name) => name !== "metadata" && name !== "revoke_time");
}
