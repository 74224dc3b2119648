/** One thing wrong with a configuration: where, what, and what would be right. */
export interface Problem {
  readonly file?: string;
  /** From 1. Present with `column` whenever the text is at hand. */
  readonly line?: number;
  /** From 1, in UTF-16 code units. */
  readonly column?: number;
  /** Such as `providers[0].credentials[1].weight`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** A position in a text. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Field names and list indexes from the root. */
export type Path = readonly (string | number)[];

/** `file:line:column path: what, and what would be right`. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined);
  const head = [place.join(":"), problem.path].filter((part) => part !== "").join(" ");
  return head === "" ? problem.message : `${head}: ${problem.message}`;
}

/** `["providers", 0, "name"]` as `providers[0].name`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => joinPath(text, part), "");
}

/** One step down from a formatted path. */
export function joinPath(path: string, part: string | number): string {
  if (typeof part === "number") return `${path}[${part}]`;
  return path === "" ? part : `${path}.${part}`;
}
