/** JSON that was just parsed, and is ours to change. */
export type Json = Record<string, unknown>;

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Test = (value: unknown) => boolean;

/** Give `key` this value unless what it has will do. True if that changed anything. */
export function ensure(object: Json, key: string, will: Test, value: unknown): boolean {
  if (will(object[key])) return false;
  object[key] = value;
  return true;
}

/** Take `key` out unless what it has will do. True if that changed anything. */
export function dropUnless(object: Json, key: string, will: Test): boolean {
  if (!(key in object) || will(object[key])) return false;
  delete object[key];
  return true;
}

/** True if anything was changed; unlike `||`, all of them are done. */
export function anyOf(...changes: readonly boolean[]): boolean {
  return changes.includes(true);
}

export const isString: Test = (value) => typeof value === "string";
export const isStringOrNull: Test = (value) => value === null || typeof value === "string";
export const isInteger: Test = (value) => Number.isInteger(value);
export const isList: Test = Array.isArray;
export const isObject: Test = isJson;
