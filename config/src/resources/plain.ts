import {
  type DescField,
  type DescMessage,
  type Message,
  type MessageShape,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { formatDuration } from "../duration.ts";
import type { Problem } from "../problem.ts";
import { placedFromPlain } from "../yaml/placed.ts";
import { ProblemList } from "../yaml/problem-list.ts";
import { enumWord } from "./enum-words.ts";
import { messageFromPlaced } from "./message-from-placed.ts";

/** A message as people write it: proto field names, enum words, `30s`. Fit for YAML and JSON. */
export type PlainObject = { readonly [name: string]: unknown };

export type FromPlainResult<Schema extends DescMessage> =
  | { readonly ok: true; readonly message: MessageShape<Schema> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Fields that are not set are left out, also from the objects inside. */
export function toPlain<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): PlainObject {
  return plainMessage(schema, message);
}

/** The inverse of toPlain(). Checks the shape; for the meaning see checkResource(). */
export function fromPlain<Schema extends DescMessage>(
  schema: Schema,
  plain: unknown,
): FromPlainResult<Schema> {
  const problems = new ProblemList({ placeOf: () => ({ line: 1, column: 1 }) });
  const message = messageFromPlaced(schema, placedFromPlain(plain), "", problems);
  if (problems.isEmpty) return { ok: true, message };
  return { ok: false, problems: problems.list() };
}

function plainMessage(schema: DescMessage, message: Message): PlainObject {
  // A generated message has a property for each field of its descriptor.
  const record = message as unknown as Record<string, unknown>;
  const reflected = reflect(schema, message);
  const set = schema.fields.filter((field) => reflected.isSet(field));
  return Object.fromEntries(
    set.map((field) => [field.name, plainField(field, setValue(record, field))]),
  );
}

function setValue(record: Record<string, unknown>, field: DescField): unknown {
  if (!field.oneof) return record[field.localName];
  return (record[field.oneof.localName] as { readonly value: unknown }).value;
}

function plainField(field: DescField, value: unknown): unknown {
  if (field.fieldKind === "list") {
    return (value as readonly unknown[]).map((item) => plainValue(field, item));
  }
  // Maps are of texts by texts: see messageFromPlaced().
  if (field.fieldKind === "map") return value;
  return plainValue(field, value);
}

function plainValue(field: DescField, value: unknown): unknown {
  // The descriptor says what the value is; TypeScript cannot follow it.
  if (field.message) return plainMessageValue(field.message, value as Message);
  if (field.enum) return enumWord(field.enum, value as number) ?? String(value);
  if (field.scalar === ScalarType.UINT64) return plainWhole(value as bigint);
  return value;
}

function plainMessageValue(schema: DescMessage, value: Message): unknown {
  if (schema.typeName === DurationSchema.typeName) return formatDuration(value as Duration);
  if (schema.typeName === TimestampSchema.typeName) {
    return toJson(TimestampSchema, value as Timestamp);
  }
  return plainMessage(schema, value);
}

/** As proto's JSON does: a text where a double would not be exact. */
function plainWhole(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}
