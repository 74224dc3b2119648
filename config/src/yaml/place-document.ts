import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { joinPath } from "../problem.ts";
import { shownKey } from "../shown-key.ts";
import { type Environment, interpolate } from "./interpolate.ts";
import { unmask } from "./mask.ts";
import type { PlacedEntry, PlacedMap, PlacedValue } from "./placed.ts";
import type { ProblemList } from "./problem-list.ts";

/** Deeper than any configuration, shallower than the stack. */
const depthMax = 64;

/** Values that aliases may add: enough to repeat a block, too few for "a billion laughs". */
const aliasedMaxCount = 20_000;

/** The nodes of a document as placed values, with aliases, merge keys and variables put in. */
export function placeDocument(
  contents: Node,
  environment: Environment,
  problems: ProblemList,
): PlacedValue {
  return new Placement(environment, problems).place(contents, "", 0);
}

/** One pass over one document, in the order of the text, so that anchors precede their aliases. */
class Placement {
  readonly #environment: Environment;
  readonly #problems: ProblemList;
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #aliasDepth = 0;
  #aliasedCount = 0;

  constructor(environment: Environment, problems: ProblemList) {
    this.#environment = environment;
    this.#problems = problems;
  }

  place(node: unknown, path: string, depth: number): PlacedValue {
    if (isAlias(node)) return this.#placeAlias(node.source, offsetOf(node), path, depth);
    // The parser makes a node of everything, and null of nothing.
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nothing(undefined);
    const at = offsetOf(node);
    if (depth > depthMax) return this.#broken(at, path, "nested too deeply");
    if (this.#aliasDepth > 0 && ++this.#aliasedCount > aliasedMaxCount) {
      if (this.#aliasedCount > aliasedMaxCount + 1) return { kind: "broken", at };
      return this.#broken(at, path, `aliases repeat more than ${aliasedMaxCount} values`);
    }
    if (this.#aliasDepth === 0 && node.anchor) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#placeScalar(node, path);
    this.#open.add(node);
    const placed: PlacedValue = isMap(node)
      ? this.#placeMap(node, path, depth)
      : {
          kind: "list",
          items: node.items.map((item, index) =>
            this.place(item, joinPath(path, index), depth + 1),
          ),
          at,
        };
    this.#open.delete(node);
    return placed;
  }

  #placeAlias(name: string, at: number | undefined, path: string, depth: number): PlacedValue {
    const target = this.#anchors.get(name);
    if (!target) return this.#broken(at, path, noAnchor(name));
    if (this.#open.has(target))
      return this.#broken(at, path, "the alias is inside the value it stands for");
    this.#aliasDepth += 1;
    const placed = this.place(target, path, depth);
    this.#aliasDepth -= 1;
    return placed;
  }

  #placeMap(node: YAMLMap, path: string, depth: number): PlacedMap {
    const entries = new Map<string, PlacedEntry>();
    const merged: PlacedValue[] = [];
    for (const pair of node.items) {
      const key = keyOf(pair);
      const keyAt = offsetOf(pair.key);
      const childPath = joinPath(path, shownKey(key));
      const value = this.place(pair.value, childPath, depth + 1);
      if (key === "<<") merged.push(value);
      else if (entries.has(key))
        this.#problems.add(keyAt, childPath, `"${shownKey(key)}" is given twice`);
      else entries.set(key, { keyAt, value: withPlace(value, keyAt) });
    }
    for (const value of merged) this.#merge(value, entries, path);
    return { kind: "map", entries, at: offsetOf(node) };
  }

  /** `<<: *base`: what the mapping itself does not say. The first of several bases wins. */
  #merge(value: PlacedValue, entries: Map<string, PlacedEntry>, path: string): void {
    if (value.kind === "list") {
      for (const item of value.items) this.#merge(item, entries, path);
    } else if (value.kind === "map") {
      for (const [key, entry] of value.entries) if (!entries.has(key)) entries.set(key, entry);
    } else if (value.kind === "scalar") {
      this.#problems.add(value.at, path, "<< takes an alias of a mapping, or a list of them");
    }
  }

  #placeScalar(node: Scalar, path: string): PlacedValue {
    const at = offsetOf(node);
    const value = node.value;
    if (typeof value !== "string")
      return { kind: "scalar", value: otherScalar(value), at, interpolated: false };
    const result = interpolate(unmask(value), this.#environment);
    if (result.ok) {
      const { text, interpolated, emptyVariable } = result;
      return { kind: "scalar", value: text, interpolated, emptyVariable, at };
    }
    for (const message of result.messages) this.#problems.add(at, path, message);
    return { kind: "broken", at };
  }

  #broken(at: number | undefined, path: string, message: string): PlacedValue {
    this.#problems.add(at, path, message);
    return { kind: "broken", at };
  }
}

/** A name this long may be a secret that begins with `*`: it is not shown. */
const aliasShownMaxLength = 12;

function noAnchor(name: string): string {
  const shown = name.length > aliasShownMaxLength ? "..." : name;
  return `there is no &${shown} before this *${shown}: quote a text that begins with *`;
}

function nothing(at: number | undefined): PlacedValue {
  return { kind: "scalar", value: null, interpolated: false, at };
}

/** A value left empty has no place of its own: its key's will do. */
function withPlace(value: PlacedValue, keyAt: number | undefined): PlacedValue {
  return value.kind === "scalar" && value.value === null ? { ...value, at: keyAt } : value;
}

/** With `stringKeys`, keys are scalars with texts; what is not has been reported as a problem. */
function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? unmask(String(pair.key.value)) : "";
}

function otherScalar(value: unknown): bigint | number | boolean | null {
  const known =
    typeof value === "bigint" || typeof value === "number" || typeof value === "boolean";
  return known ? value : null;
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)
    ? node.range?.[0]
    : undefined;
}
