import { isRecord } from "@headgate/core";
import type { JsonSchema } from "../../chat/chat-request.ts";

/** Where in a schema we are, as far as its `$ref`s go. */
export interface References {
  readonly root: JsonSchema;
  /** Those being written out at the moment, outermost first. */
  readonly open: readonly string[];
}

/** How often a reference is written out within itself: a tree gets branches and leaves. */
const nestingMax = 2;

/** What a reference within the schema means; undefined if nothing does. */
export function resolveReference(
  reference: string,
  { root, open }: References,
): JsonSchema | "recursive" | undefined {
  if (open.filter((each) => each === reference).length >= nestingMax) return "recursive";
  if (open.length >= depthMax) return "recursive";
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let target: unknown = root;
  for (const segment of reference.slice(2).split("/")) {
    if (Array.isArray(target)) target = target[Number(segment)];
    else if (isRecord(target)) target = target[unescapePointer(segment)];
    else return undefined;
  }
  return isRecord(target) ? target : undefined;
}

const depthMax = 24;

/** https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function unescapePointer(segment: string): string {
  const plain = segment.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/**
 * The same JSON Schema with its references written out, for models that take JSON Schema: they
 * reject a `$ref` that has anything beside it, and Gemini 3 some that have not.
 */
export function inlineReferences(schema: JsonSchema): Record<string, unknown> {
  const budget = { nodes: nodesMax };
  const { $defs: _, definitions: __, ...rest } = schema;
  const inlined = inline(rest, { root: schema, open: [] }, budget);
  return isRecord(inlined) ? { ...inlined } : {};
}

const nodesMax = 20_000;

function inline(value: unknown, references: References, budget: { nodes: number }): unknown {
  if (budget.nodes-- <= 0) return undefined;
  if (Array.isArray(value)) return value.map((each) => inline(each, references, budget) ?? {});
  if (!isRecord(value)) return value;
  const { $ref: reference, ...beside } = value;
  if (typeof reference === "string") {
    const target = resolveReference(reference, references);
    if (target === "recursive") return { type: "object" };
    const open = [...references.open, reference];
    return inline({ ...target, ...beside }, { ...references, open }, budget);
  }
  // A property may well be called like a keyword: those of the schema itself are texts.
  const kept = Object.entries(value).filter(
    ([name, each]) => !(typeof each === "string" && (name === "$schema" || name === "$id")),
  );
  return Object.fromEntries(kept.map(([name, each]) => [name, inline(each, references, budget)]));
}
