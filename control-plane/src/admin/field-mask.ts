import { clone, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { didYouMean } from "@headgate/config";

/** Everything. Must be the only path. */
export const wholeMask = "*";

export type Masked<T> =
  | { readonly ok: true; readonly merged: T }
  /** One line per path that is wrong: which, why, and what would be right. */
  | { readonly ok: false; readonly problems: readonly string[] };

const pathsMax = 100;

/**
 * The stored message with the fields that the paths name as they are in the given one: what is not
 * set there is cleared. Paths are names of the proto file, joined by dots (`retry.max_attempts`).
 * Lists, maps, times and durations are replaced as a whole. Pure; changes neither message.
 *
 * Source: https://google.aip.dev/134, https://google.aip.dev/161
 */
export function applyFieldMask<D extends DescMessage>(
  schema: D,
  {
    stored,
    given,
    paths,
  }: {
    readonly stored: MessageShape<D>;
    readonly given: MessageShape<D>;
    readonly paths: readonly string[];
  },
): Masked<MessageShape<D>> {
  if (paths.length > pathsMax) {
    return refused(`has ${paths.length} paths: at most ${pathsMax}, or ${wholeMask} for all`);
  }
  if (paths.includes(wholeMask)) {
    return paths.length === 1
      ? { ok: true, merged: withOwnFields(schema, stored, given) }
      : refused(`${wholeMask}: is all fields, so it must be the only path`);
  }
  const found = paths.map((path) => findPath(schema, path));
  const problems = found.filter((one) => typeof one === "string");
  if (problems.length > 0) return { ok: false, problems };
  const merged = clone(schema, stored);
  const target = reflect(schema, merged);
  const source = reflect(schema, clone(schema, given));
  for (const fields of found) if (typeof fields !== "string") copyField(target, source, fields);
  return { ok: true, merged };
}

function refused(message: string): Masked<never> {
  return { ok: false, problems: [`update_mask ${message}`] };
}

/** What no update changes, and why. By field of a resource. */
const fixedFields: ReadonlyMap<string, string> = new Map([
  ["name", "names never change: create another and delete this one"],
  ["metadata", "metadata is the control plane's own"],
  ["headgate.resources.v1.Key.secret", "an update leaves the secret as it is: use RotateKey"],
  ["headgate.resources.v1.Key.secret_hash", "an update leaves the secret as it is: use RotateKey"],
  ["headgate.resources.v1.Key.revoke_time", "only RevokeKey sets it"],
]);

function whyFixed(schema: DescMessage, field: DescField): string | undefined {
  return fixedFields.get(`${schema.typeName}.${field.name}`) ?? fixedFields.get(field.name);
}

function withOwnFields<D extends DescMessage>(
  schema: D,
  stored: MessageShape<D>,
  given: MessageShape<D>,
): MessageShape<D> {
  const merged = clone(schema, given);
  const target = reflect(schema, merged);
  const source = reflect(schema, clone(schema, stored));
  for (const name of ["name", "metadata"]) {
    const field = schema.fields.find((one) => one.name === name);
    if (field) copyField(target, source, [field]);
  }
  return merged;
}

/** The fields on the way, or what is wrong with the path. */
function findPath(schema: DescMessage, path: string): readonly DescField[] | string {
  const names = path.split(".");
  const fields: DescField[] = [];
  let inside: DescMessage = schema;
  for (const [index, name] of names.entries()) {
    const field = inside.fields.find((one) => one.name === name);
    if (!field) return `update_mask ${path}: ${noField(schema, { inside, names, index })}`;
    const fixed = index === 0 ? whyFixed(schema, field) : undefined;
    if (fixed !== undefined) return `update_mask ${path}: ${fixed}`;
    fields.push(field);
    if (index === names.length - 1) break;
    const next = messageWithin(field);
    if (!next) {
      const whole = names.slice(0, index + 1).join(".");
      return `update_mask ${path}: ${whole} is replaced as a whole: name just ${whole}`;
    }
    inside = next;
  }
  return fields;
}

function noField(
  schema: DescMessage,
  at: { readonly inside: DescMessage; readonly names: readonly string[]; readonly index: number },
): string {
  const name = at.names[at.index] ?? "";
  const before = at.names.slice(0, at.index);
  const here = settable(at.inside).map((one) => [...before, one.name].join("."));
  const elsewhere = pathsIn(schema).filter((path) => path.endsWith(`.${name}`));
  const near = didYouMean([...before, name].join("."), here);
  const hint = near || (elsewhere[0] === undefined ? "" : ` (did you mean "${elsewhere[0]}"?)`);
  return `there is no field "${name}"${hint}; there are ${here.join(", ")}`;
}

function settable(schema: DescMessage): readonly DescField[] {
  return schema.fields.filter((field) => whyFixed(schema, field) === undefined);
}

function pathsIn(schema: DescMessage, before = ""): readonly string[] {
  return settable(schema).flatMap((field) => {
    const path = `${before}${field.name}`;
    const inside = messageWithin(field);
    return [path, ...(inside ? pathsIn(inside, `${path}.`) : [])];
  });
}

/** Of a field whose own fields can be named. */
function messageWithin(field: DescField): DescMessage | undefined {
  if (field.fieldKind !== "message") return undefined;
  return field.message.typeName.startsWith("google.protobuf.") ? undefined : field.message;
}

function copyField(
  target: ReflectMessage,
  source: ReflectMessage | undefined,
  [field, ...rest]: readonly DescField[],
): void {
  if (!field) return;
  const given = source?.isSet(field) ? source : undefined;
  if (rest.length === 0 || field.fieldKind !== "message") {
    if (given) target.set(field, given.get(field));
    else target.clear(field);
    return;
  }
  if (!given && !target.isSet(field)) return;
  const into = target.get(field);
  copyField(into, given?.get(field), rest);
  target.set(field, into);
}
