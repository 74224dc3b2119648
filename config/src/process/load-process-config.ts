import { z } from "zod";
import { didYouMean } from "../did-you-mean.ts";
import { formatPath, joinPath, type Path, type Problem } from "../problem.ts";
import { shownKey } from "../shown-key.ts";
import type { Environment } from "../yaml/interpolate.ts";
import { describeValue, offsetAt, type PlacedValue, valueAt } from "../yaml/placed.ts";
import type { ProblemList } from "../yaml/problem-list.ts";
import { readYaml } from "../yaml/read-yaml.ts";

export interface ProcessConfigInput {
  readonly text: string;
  /** As the user wrote it; leads every problem. */
  readonly file?: string | undefined;
  /** For `${VAR}`. */
  readonly env: Environment;
}

export type ProcessConfigResult<Config> =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** YAML by a strict schema, all problems together, each with its place. Never throws. */
export function loadProcessConfig<Schema extends z.ZodObject>(
  input: ProcessConfigInput,
  schema: Schema,
): ProcessConfigResult<z.output<Schema>> {
  const known = Object.keys(schema.shape).join(", ");
  const { root, problems } = readYaml({ ...input, expects: `some of ${known}` });
  if (!root) return { ok: false, problems: problems.list() };
  const result = schema.safeParse(plainValue(root), { reportInput: false });
  if (!result.success) {
    for (const issue of result.error.issues) reportIssue(issue, { schema, root, problems });
  }
  if (result.success && problems.isEmpty) return { ok: true, config: result.data };
  return { ok: false, problems: problems.list() };
}

interface Context {
  readonly schema: z.ZodObject;
  readonly root: PlacedValue;
  readonly problems: ProblemList;
}

function reportIssue(issue: z.core.$ZodIssue, { schema, root, problems }: Context): void {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, path);
    for (const key of issue.keys) {
      const hint = `${didYouMean(key, known)}: known are ${known.join(", ")}`;
      problems.add(
        keyOffset(root, path, key),
        joinPath(formatPath(path), shownKey(key)),
        `unknown key "${shownKey(key)}"${hint}`,
      );
    }
    return;
  }
  const text = formatPath(path);
  if (problems.covers(text)) return;
  problems.add(offsetAt(root, path), text, wordsFor(issue, valueAt(root, path)));
}

const typeWords: Readonly<Record<string, string>> = {
  string: "a text",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function wordsFor(issue: z.core.$ZodIssue, value: PlacedValue | undefined): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code !== "invalid_type") return issue.message;
  // A schema with words of its own says what is right.
  if (!issue.message.startsWith("Invalid input")) return issue.message;
  if (!value) return "is missing";
  const what = typeWords[issue.expected] ?? issue.expected;
  const quotable = value.kind === "scalar" && value.value !== null && issue.expected === "string";
  const hint = quotable ? `: quote it, "${value.value}"` : "";
  return `expected ${what}, got ${describeValue(value)}${hint}`;
}

/** The keys that the schema knows at `path`, through optionals, defaults and what is made of them. */
function knownKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return knownKeys(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodPipe) return knownKeys(schema.in, path);
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, path.slice(1));
  if (!(schema instanceof z.ZodObject)) return [];
  const [part, ...rest] = path;
  const next = part === undefined ? undefined : schema.shape[part];
  return next ? knownKeys(next, rest) : Object.keys(schema.shape);
}

function keyOffset(root: PlacedValue, path: Path, key: string): number | undefined {
  const parent = valueAt(root, path);
  return parent?.kind === "map" ? parent.entries.get(key)?.keyAt : offsetAt(root, path);
}

/** What is broken is left out: its problem is reported, and covers what follows from it. */
function plainValue(value: PlacedValue): unknown {
  if (value.kind === "list") return value.items.map(plainValue);
  if (value.kind === "broken") return undefined;
  if (value.kind === "scalar") {
    return typeof value.value === "bigint" ? Number(value.value) : value.value;
  }
  const entries = [...value.entries].map(([key, entry]) => [key, plainValue(entry.value)] as const);
  return Object.fromEntries(entries);
}
