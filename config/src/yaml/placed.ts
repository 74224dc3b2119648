import type { Path } from "../problem.ts";

/**
 * A YAML document after aliases, merge keys and `${VAR}`: plain values that remember where they
 * stand. `at` is an offset into the text; absent when there is no text.
 */
export type PlacedValue = PlacedMap | PlacedList | PlacedScalar | PlacedBroken;

export interface PlacedMap {
  readonly kind: "map";
  readonly entries: Map<string, PlacedEntry>;
  readonly at?: number | undefined;
}

export interface PlacedEntry {
  readonly keyAt?: number | undefined;
  readonly value: PlacedValue;
}

export interface PlacedList {
  readonly kind: "list";
  readonly items: readonly PlacedValue[];
  readonly at?: number | undefined;
}

export interface PlacedScalar {
  readonly kind: "scalar";
  readonly value: string | bigint | number | boolean | null;
  /** Holds something from the environment: never shown in messages, and may stand for a number. */
  readonly interpolated: boolean;
  /** Set when the whole text is `${NAME:-}` and came out empty. */
  readonly emptyVariable?: string | undefined;
  readonly at?: number | undefined;
}

/** Something whose problem is reported already. */
export interface PlacedBroken {
  readonly kind: "broken";
  readonly at?: number | undefined;
}

/** In words, for messages. Texts are not shown: they may be secrets in the wrong place. */
export function describeValue(value: PlacedValue): string {
  if (value.kind === "map") return "a mapping";
  if (value.kind === "list") return "a list";
  if (value.kind === "broken") return "something unreadable";
  if (value.value === null) return "nothing";
  if (typeof value.value === "string") return value.value === "" ? "an empty text" : "a text";
  if (typeof value.value === "boolean") return `the word ${value.value}`;
  return `the number ${value.value}`;
}

/** The offset of what `path` names, or of the nearest thing around it that exists. */
export function offsetAt(root: PlacedValue, path: Path): number | undefined {
  let value: PlacedValue = root;
  let at = root.at;
  for (const part of path) {
    const child = childOf(value, part);
    if (!child) return at;
    value = child;
    at = child.at ?? at;
  }
  return at;
}

/** What `path` names, if it exists. */
export function valueAt(root: PlacedValue, path: Path): PlacedValue | undefined {
  return path.reduce<PlacedValue | undefined>(
    (value, part) => (value ? childOf(value, part) : undefined),
    root,
  );
}

/** Values without a text, as if they had been read from one. */
export function placedFromPlain(value: unknown): PlacedValue {
  if (Array.isArray(value)) return { kind: "list", items: value.map(placedFromPlain) };
  if (typeof value === "object" && value !== null) {
    const given = Object.entries(value).filter(([, child]) => child !== undefined);
    return {
      kind: "map",
      entries: new Map(given.map(([key, child]) => [key, { value: placedFromPlain(child) }])),
    };
  }
  const scalar = isScalar(value) ? value : String(value);
  return { kind: "scalar", value: scalar, interpolated: false };
}

function childOf(value: PlacedValue, part: string | number): PlacedValue | undefined {
  if (value.kind === "map") return value.entries.get(String(part))?.value;
  return value.kind === "list" && typeof part === "number" ? value.items[part] : undefined;
}

function isScalar(value: unknown): value is PlacedScalar["value"] {
  return value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
}
