import type { Place, Problem } from "../problem.ts";

/** More problems than anyone reads; the rest are counted. */
const problemMaxCount = 200;

export interface ProblemListOptions {
  readonly file?: string | undefined;
  readonly placeOf: (offset: number) => Place;
}

/** Collects problems, each with its place, and keeps one mistake from being told twice. */
export class ProblemList {
  readonly #options: ProblemListOptions;
  readonly #problems: Problem[] = [];
  readonly #paths = new Set<string>();
  #dropped = 0;

  constructor(options: ProblemListOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  add(at: number | undefined, path: string, message: string): void {
    this.#paths.add(path);
    if (this.#problems.length >= problemMaxCount) {
      this.#dropped += 1;
      return;
    }
    const { file, placeOf } = this.#options;
    const head = file === undefined ? {} : { file };
    const place = at === undefined ? {} : placeOf(at);
    this.#problems.push({ ...head, ...place, path, message });
  }

  /** Whether `path`, or something around it, has a problem already: what follows is noise. */
  covers(path: string): boolean {
    if (this.#paths.has(path)) return true;
    for (let end = path.length - 1; end > 0; end--) {
      const separator = path.charAt(end);
      if ((separator === "." || separator === "[") && this.#paths.has(path.slice(0, end))) {
        return true;
      }
    }
    return false;
  }

  /** Whether something within `path` has a problem already. */
  touches(path: string): boolean {
    return [...this.#paths].some(
      (other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[`),
    );
  }

  /** In the order of the text. */
  list(): readonly Problem[] {
    const sorted = this.#problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
    if (this.#dropped === 0) return sorted;
    const { file } = this.#options;
    const message = `and ${this.#dropped} more problems`;
    return [...sorted, { ...(file === undefined ? {} : { file }), path: "", message }];
  }
}
