import { type DescField, type DescMessage, equals, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { ResourceKind } from "@headgate/config";
import { schemaOf } from "../resources/resource-codec.ts";
import type { AnyResource } from "../resources/resource-kind.ts";

/** More are given by the names of the resource's own fields. */
export const changedFieldsMax = 100;

/**
 * Paths of the fields in which two resources of a kind differ, as `deployments[0].weight`, in the
 * order of the proto file. Values are not in it, so secrets are safe. Lists are compared place by
 * place; lists of words and numbers as a whole. Of the metadata only the owner counts. Pure.
 */
export function changedFields(
  kind: ResourceKind,
  before: AnyResource,
  after: AnyResource,
): readonly string[] {
  const schema = schemaOf(kind);
  // As in schemaOf(): both are of this kind.
  const a = reflect(schema, before as Parameters<typeof reflect<typeof schema>>[1], false);
  const b = reflect(schema, after as Parameters<typeof reflect<typeof schema>>[1], false);
  const paths: string[] = [];
  for (const field of schema.fields) {
    if (field.name === "metadata") continue;
    comparePlace(field, a, b, { path: field.name, paths });
  }
  if ((before.metadata?.managedBy ?? "") !== (after.metadata?.managedBy ?? "")) {
    paths.push("metadata.managed_by");
  }
  return paths.length > changedFieldsMax ? shortened(paths) : paths;
}

interface Found {
  /** Of the field that is compared. */
  readonly path: string;
  /** To add to. */
  readonly paths: string[];
}

function comparePlace(field: DescField, a: ReflectMessage, b: ReflectMessage, found: Found): void {
  if (a.isSet(field) !== b.isSet(field) && field.fieldKind !== "list") {
    found.paths.push(found.path);
  } else if (field.fieldKind === "list" && field.listKind === "message") {
    compareList(a.get(field), b.get(field), found);
  } else if (field.fieldKind === "message" && a.isSet(field)) {
    compareMessages(field.message, a.get(field), b.get(field), found);
  } else if (!isSame(field, a, b)) {
    found.paths.push(found.path);
  }
}

function compareList(
  a: Iterable<unknown> & { readonly size: number },
  b: Iterable<unknown> & { readonly size: number },
  { path, paths }: Found,
): void {
  const [left, right] = [[...a], [...b]];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    // Sound because what is listed are messages: see comparePlace().
    const [one, other] = [left[index], right[index]] as (ReflectMessage | undefined)[];
    const at = { path: `${path}[${index}]`, paths };
    if (one && other) compareMessages(one.desc, one, other, at);
    else paths.push(at.path);
  }
}

function compareMessages(
  desc: DescMessage,
  a: ReflectMessage,
  b: ReflectMessage,
  { path, paths }: Found,
): void {
  if (desc.typeName.startsWith("google.protobuf.")) {
    if (!equals(desc, a.message, b.message)) paths.push(path);
    return;
  }
  for (const field of desc.fields) {
    comparePlace(field, a, b, { path: `${path}.${field.name}`, paths });
  }
}

function isSame(field: DescField, a: ReflectMessage, b: ReflectMessage): boolean {
  switch (field.fieldKind) {
    case "list":
      return sameItems([...a.get(field)], [...b.get(field)]);
    case "map":
      return sameItems([...a.get(field)].flat(), [...b.get(field)].flat());
    case "message":
      return true; // Neither has it.
    case "scalar":
      if (field.scalar === ScalarType.BYTES) break;
      return Object.is(a.get(field), b.get(field));
    case "enum":
      return a.get(field) === b.get(field);
  }
  // No resource has bytes; they would be told apart by identity, that is too often.
  return a.get(field) === b.get(field);
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => Object.is(item, b[index]));
}

/** `deployments[0].weight` as `deployments`. */
function shortened(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => path.split(/[.[]/, 1)[0] ?? path))];
}
