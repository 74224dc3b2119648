import { InvalidArgumentError } from "commander";

/** What operators name on the command line, in the order in which one refers to the next before it. */
export const resourceKindNames = ["provider", "model", "team", "key", "policy"] as const;

export type ResourceKind = (typeof resourceKindNames)[number];

export const kindHelp = "provider, model, team, key or policy (or the plural)";

const byWord: ReadonlyMap<string, ResourceKind> = new Map(
  resourceKindNames.flatMap((kind): [string, ResourceKind][] => [
    [kind, kind],
    [kind === "policy" ? "policies" : `${kind}s`, kind],
  ]),
);

export function parseKind(text: string): ResourceKind {
  const kind = byWord.get(text.toLowerCase());
  if (kind !== undefined) return kind;
  throw new InvalidArgumentError(`Kinds are ${resourceKindNames.join(", ")}.`);
}
